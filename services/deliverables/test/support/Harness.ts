/** Deliverables behind their fetch handler, with a hiring and a catalog that a test plays. */
import { afterAll, beforeAll, describe } from "@effect/vitest"
import { Layer, Schedule } from "effect"
import { withDatabase } from "../../../../tests/support/Database.ts"
import { type Answer, ready, startService, type TestService } from "../../../../tests/support/Service.ts"
import { AppNoClients } from "../../src/App.ts"
import { DeliveryRetry } from "../../src/Execution/Attempts.ts"
import postgres from "./Sql.ts"
import { World } from "./World.ts"

/** A running service with its world. */
export interface Stage {
  readonly mode: "memory" | "postgres"
  readonly world: World
  /** What it appended, by the file's name, and the files that it reads. */
  readonly files: Record<string, string>
  readonly service: TestService
  /** The database, as the service's own role; only on Postgres. */
  readonly url: string | undefined
  /** A second replica on the same storage; only on Postgres. */
  replica(): Promise<TestService>
  /** Runs a statement as the owner of the schema; only on Postgres. */
  sql(text: string, values?: ReadonlyArray<unknown>): Promise<ReadonlyArray<Record<string, unknown>>>
  call: TestService["call"]
  /** Asks for the draft of one run, as the scheduler does. */
  draft(goal: string, slot?: string, key?: string): Promise<Answer>
  /** As `draft`, for what became of it. */
  drafted(goal: string, slot?: string): Promise<Answer["json"]>
  review(id: string, decision: string, as?: `customer:${string}`): Promise<Answer>
  execute(id: string, body?: unknown, key?: string, signal?: AbortSignal): Promise<Answer>
}

/** What tests need of a service that differs from production: how soon a delivery is tried again, in milliseconds. */
export interface StageOptions {
  readonly env?: Record<string, string>
  readonly retryAfter?: number
}

let keys = 0
/** A key that no other request has. */
export const newKey = () => `test-${++keys}`

/** Starts deliverables in one mode; `end` gives everything back. */
export const startStage = async (mode: Stage["mode"], options: StageOptions = {}) => {
  const world = new World()
  const files: Record<string, string> = {
    "secrets.json": JSON.stringify({ hook: "a-webhook-secret", std: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }),
  }
  const env: Record<string, string> = {
    DELIVERABLE_PERSISTENCE_MODE: mode === "memory" ? "memory" : "db",
    STINT_JOURNAL: "journal.jsonl",
    STINT_SECRETS: "secrets.json",
    STINT_WEBHOOK_HOSTS: "127.0.0.1",
    ...options.env,
  }
  const ends: Array<() => Promise<void>> = []
  let owner: ReturnType<typeof postgres> | undefined
  if (mode === "postgres") {
    const database = await withDatabase("deliverables")
    env.DELIVERABLES_DATABASE_URL = database.url
    owner = postgres(database.ownerUrl)
    ends.push(database.release, owner.end)
  }
  const retry = Layer.succeed(DeliveryRetry, Schedule.spaced(`${options.retryAfter ?? 50} millis`))
  const start = async () => {
    const service = await startService(AppNoClients.pipe(Layer.provide([world.layer, retry])), env, files)
    ends.push(service.dispose)
    await ready(service)
    return service
  }
  const service = await start()
  const { call } = service
  const draft: Stage["draft"] = (goal, slot = "2026-03-01T09:00:00.000Z", key = `${goal}:${slot}`) =>
    call("POST", "/api/v1/deliverables", {
      as: "service:scheduler",
      headers: { "idempotency-key": key },
      body: {
        goal_instance_id: goal,
        hired_instance_id: world.goals.get(goal)?.hired_instance_id ?? "HAI-none",
        scheduled_time: slot,
      },
    })
  const stage: Stage = {
    mode,
    world,
    files,
    service,
    url: env.DELIVERABLES_DATABASE_URL,
    replica: start,
    sql: (text, values) => owner!.query(text, values),
    call,
    draft,
    drafted: async (goal, slot) => {
      const answer = await draft(goal, slot)
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.json))
      return answer.json
    },
    review: (id, decision, as = "customer:acme") =>
      call("POST", `/api/v1/deliverables/${id}/review`, { as, body: { decision } }),
    execute: (id, body = {}, key = newKey(), signal = undefined) =>
      call("POST", `/api/v1/deliverables/${id}/execute`, {
        as: "customer:acme",
        body,
        headers: { "idempotency-key": key },
        ...(signal === undefined ? {} : { signal }),
      }),
  }
  return {
    stage,
    end: async () => {
      for (const end of ends.reverse()) await end()
    },
  }
}

/** One suite, on both storages. */
export const onBoth = (name: string, suite: (stage: () => Stage) => void, options: StageOptions = {}) => {
  for (const mode of ["memory", "postgres"] as const) {
    describe(`${name}, ${mode}`, () => {
      let started: Awaited<ReturnType<typeof startStage>>
      beforeAll(async () => {
        started = await startStage(mode, options)
      })
      afterAll(() => started.end())
      suite(() => started.stage)
    })
  }
}

/** Waits until it holds, at most 5 seconds. */
export const until = async <A>(what: () => Promise<A | undefined | false> | A | undefined | false): Promise<A> => {
  for (const end = Date.now() + 5_000; Date.now() < end;) {
    const found = await what()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`did not come true: ${what}`)
}
