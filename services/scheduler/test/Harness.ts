/** The scheduler between a hiring and a deliverables of the test's own: what they tell and answer is up to the test. */
import type { BatchAnswer } from "@stint/domain/deliverables/Deliverables"
import type { Change, GoalChange, HireChange } from "@stint/domain/hiring/Feed"
import type { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Context, DateTime, Effect, Layer } from "effect"
import { withDatabase } from "../../../tests/support/Database.ts"
import { type Answer, ready, type Send, startService, type TestService } from "../../../tests/support/Service.ts"
import { appWith } from "../src/App.ts"
import { type Away, type CallFailed, Drafts, Hiring } from "../src/Clients.ts"
import { runKey } from "@stint/domain/scheduler/Runs"
import type { ClaimedRun } from "../src/Model.ts"

/** How the fake deliverables answers a batch. */
export type Answering = (
  runs: ReadonlyArray<ClaimedRun>,
) => Effect.Effect<ReadonlyArray<BatchAnswer>, Away | CallFailed>

let drawn = 0
/** An id that no other test uses. */
export const unique = (prefix: string) => `${prefix}-test-${Date.now().toString(36)}-${drawn++}`

/** A made draft's answer; deliverables dedupes by key, and so does this. */
export const made = (run: ClaimedRun): BatchAnswer => {
  const key = runKey(run.goal_instance_id, run.scheduled_time)
  return { idempotency_key: key, deliverable: { deliverable_id: `DEL-${key}` } as never }
}

/** The answer of a run that deliverables refuses. */
export const refused = (run: ClaimedRun, status: number, code: string, detail = "said the test"): BatchAnswer => ({
  idempotency_key: runKey(run.goal_instance_id, run.scheduled_time),
  problem: { type: `urn:stint:problem:${code}`, title: "Refused", status, code, detail },
})

/** A scheduler that runs, and the two services that it believes in; or one more replica of one that does. */
export const startScheduler = async (
  mode: "memory" | "postgres",
  replicaOf?: TestScheduler,
  env: Record<string, string> = {},
  files: Record<string, string> = {},
): Promise<TestScheduler> => {
  const database = mode === "postgres" ? replicaOf?.database ?? await withDatabase("scheduler") : undefined
  const changes: Array<Change> = replicaOf?.changes ?? []
  const batches: Array<ReadonlyArray<ClaimedRun>> = []
  let answering: Answering = (runs) => Effect.succeed(runs.map(made))
  let version = 0

  const clients = Layer.effectContext(Effect.sync(() =>
    Context.make(
      Hiring,
      Hiring.of({
        changes: (after, waitMs) =>
          Effect.gen(function* () {
            const from = Number(after)
            for (let waited = 0; waited < waitMs && changes.length === from; waited += 5) yield* Effect.sleep(5)
            return { items: changes.slice(from), cursor: String(changes.length) }
          }),
        snapshot: () => Effect.succeed({ items: [], next: null, feed_cursor: "0" }),
        lookup: (goal) =>
          Effect.sync(() => ({
            goals: changes.some((c) => c.type === "goal" && c.goal_instance_id === goal) ? [{} as never] : [],
            hires: [],
          })),
      }),
    ).pipe(Context.add(
      Drafts,
      Drafts.of({
        make: (runs) =>
          Effect.suspend(() => {
            batches.push(runs)
            return answering(runs)
          }),
      }),
    ))
  ))
  const service = await startService(appWith(clients), {
    SCHEDULER_PERSISTENCE_MODE: mode === "postgres" ? "db" : "memory",
    ...(database === undefined ? {} : { SCHEDULER_DATABASE_URL: database.url }),
    ...env,
  }, files)
  await ready(service)
  const changed_at = () => DateTime.makeUnsafe(Date.now())

  return {
    service,
    database,
    changes,
    batches,
    get attempts() {
      return batches.flat()
    },
    answer: (with_: Answering) => void (answering = with_),
    call: (method, path, send = {}) =>
      service.call(method, `/api/v1/scheduler${path}`, { as: "operator:olga", ...send }),
    hire: (more = {}) => {
      const change = {
        type: "hire" as const,
        hired_instance_id: unique("HAI") as HiredInstanceId,
        customer_id: "acme" as never,
        agent_id: "gardening.v1" as never,
        subscription_id: "SUB-1" as never,
        timezone: "UTC",
        runnable: true,
        reason: null,
        changed_at: changed_at(),
        ...more,
        version: ++version,
      }
      changes.push(change)
      return change
    },
    goal: (hired_instance_id, more = {}) => {
      const change = {
        type: "goal" as const,
        goal_instance_id: unique("GOI") as GoalInstanceId,
        hired_instance_id,
        deleted: false,
        enabled: true,
        frequency: "on_demand" as const,
        schedule: {},
        default_at: null,
        changed_at: changed_at(),
        ...more,
        version: ++version,
      }
      changes.push(change)
      return change
    },
    request: (goal, request_id = unique("REQ")) => {
      changes.push({
        type: "run",
        request_id,
        goal_instance_id: goal.goal_instance_id,
        hired_instance_id: goal.hired_instance_id,
        scheduled_time: changed_at(),
        requested_by: "acme",
      })
      return request_id
    },
    stop: async () => {
      await service.drain()
      await service.dispose()
      if (replicaOf === undefined) await database?.release()
    },
  }
}

/** A scheduler of a test. */
export interface TestScheduler {
  readonly service: TestService
  readonly database: Awaited<ReturnType<typeof withDatabase>> | undefined
  /** What the fake hiring has told, in order. */
  readonly changes: Array<Change>
  /** Every batch that deliverables was asked for. */
  readonly batches: ReadonlyArray<ReadonlyArray<ClaimedRun>>
  /** Every run that deliverables was asked for, one entry an attempt. */
  readonly attempts: ReadonlyArray<ClaimedRun>
  /** How the fake deliverables answers from now on. */
  answer(with_: Answering): void
  /** Sends a request below `/api/v1/scheduler`, as the operator olga unless it says. */
  call(method: string, path: string, send?: Send): Promise<Answer>
  hire(more?: Partial<HireChange>): HireChange
  goal(hire: HiredInstanceId, more?: Partial<GoalChange>): GoalChange
  /** Asks for a run now; the request's id. */
  request(goal: Pick<GoalChange, "goal_instance_id" | "hired_instance_id">, request_id?: string): string
  stop(): Promise<void>
}

/** Waits until something holds, and gives it; fails saying what was seen last. */
export const eventually = async <A>(look: () => Promise<A>, holds: (seen: A) => boolean, what: string): Promise<A> => {
  let seen = await look()
  for (let i = 0; i < 300 && !holds(seen); i++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    seen = await look()
  }
  if (!holds(seen)) throw new Error(`${what}: ${JSON.stringify(seen)}`)
  return seen
}
