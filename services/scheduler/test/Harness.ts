/** A scheduler between a hiring and a deliverables that the test plays: it sends the changes and gives the answers. */
import type { BatchAnswer } from "@stint/domain/deliverables/Drafts"
import type { DeadLetterTold } from "@stint/domain/deliverables/Notices"
import type { Change, GoalChange, HireChange } from "@stint/domain/hiring/Feed"
import type { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { type Fares, Followers } from "@stint/edge/Follower"
import { Neighbours } from "@stint/edge/Neighbours"
import { Clock, DateTime, Effect, Layer } from "effect"
import { withDatabase } from "../../../tests/support/Database.ts"
import type { MovableClock } from "../../../tests/support/MovableClock.ts"
import { until } from "../../../tests/support/Until.ts"
import { type Answer, ready, type Send, startService, type TestService } from "../../../tests/support/Service.ts"
import { appWith } from "../src/App.ts"
import { type Away, type CallFailed, Drafts, Hiring } from "../src/Clients.ts"
import { runKey } from "@stint/domain/scheduler/Runs"
import type { ClaimedRun, Versions } from "../src/Model.ts"
import { asOwner } from "./Owner.ts"

/** How the played deliverables answers a batch. */
export type Answering = (
  runs: ReadonlyArray<ClaimedRun>,
  versions: ReadonlyMap<string, Versions>,
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

/** How to start a scheduler. */
export interface StartOptions {
  /** Start one more replica of this one, on its database and its hiring. */
  readonly replicaOf?: TestScheduler
  readonly env?: Record<string, string>
  readonly files?: Record<string, string>
  /** What it knows of them; nobody is away unless this says so. */
  readonly neighbours?: Layer.Layer<Neighbours>
  /** The followers of its feeds, for a test that plays one that is held up. */
  readonly followers?: Map<string, Fares>
  /** What the process runs by: a test moves it on to what is done every some seconds. The database keeps the real time. */
  readonly clock?: MovableClock
}

/** The hiring and the deliverables that a scheduler calls, played by the test. */
const play = (changes: Array<Change>) => {
  const batches: Array<ReadonlyArray<ClaimedRun>> = []
  const cancelled: Array<string> = []
  const told: Array<DeadLetterTold> = []
  let answering: Answering = (runs) => Effect.succeed(runs.map(made))
  const hiring = Hiring.of({
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
  })
  const drafts = Drafts.of({
    make: (runs, versions = new Map()) =>
      Effect.suspend(() => {
        batches.push(runs)
        return answering(runs, versions)
      }),
    cancelMakings: (keys) => Effect.sync(() => void cancelled.push(...keys)),
    tellDeadLetters: (letters) => Effect.sync(() => void told.push(...letters)),
  })
  return {
    batches,
    cancelled,
    told,
    answer: (with_: Answering) => void (answering = with_),
    clients: Layer.mergeAll(Layer.succeed(Hiring, hiring), Layer.succeed(Drafts, drafts)),
  }
}

/** The changes that a played hiring sends. */
const sending = (changes: Array<Change>): Pick<TestScheduler, "hire" | "goal" | "request"> => {
  const changed_at = () => DateTime.makeUnsafe(Date.now())
  const next = () => changes.length + 1
  return {
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
        version: next(),
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
        version: next(),
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
  }
}

/** A running scheduler on a database of its own, between a hiring and a deliverables that the test plays. */
export const startScheduler = async (
  { clock, env = {}, files = {}, followers = new Map(), neighbours = Neighbours.none, replicaOf }: StartOptions = {},
): Promise<TestScheduler> => {
  const database = replicaOf?.database ?? await withDatabase("scheduler")
  const changes: Array<Change> = replicaOf?.changes ?? []
  const { answer, batches, cancelled, clients, told } = play(changes)
  const service = await startService(
    appWith(clients, neighbours).pipe(
      Layer.provide(Layer.succeed(Followers, followers)),
      Layer.provide(clock === undefined ? Layer.empty : Layer.succeed(Clock.Clock, clock.clock)),
    ),
    { SCHEDULER_DATABASE_URL: database.url, ...env },
    files,
  )
  await ready(service)
  return {
    service,
    database,
    changes,
    batches,
    cancelled,
    told,
    get attempts() {
      return batches.flat()
    },
    answer,
    call: (method, path, send = {}) =>
      service.call(method, `/api/v1/scheduler${path}`, { as: "operator:olga", ...send }),
    ...sending(changes),
    arrived: async ({ hired_instance_id }) => {
      const known = () =>
        asOwner(
          database.ownerUrl,
          (sql) => sql`select from projected_hires where hired_instance_id = ${hired_instance_id}`,
        )
      await eventually(known, (rows) => rows.length === 1, `the hire ${hired_instance_id} has arrived`)
    },
    stop: async () => {
      await service.drain()
      await service.dispose()
      if (replicaOf === undefined) await database.release()
    },
  }
}

/** A scheduler of a test. */
export interface TestScheduler {
  readonly service: TestService
  readonly database: Awaited<ReturnType<typeof withDatabase>>
  /** The changes that the played hiring has sent, in order. */
  readonly changes: Array<Change>
  /** Every batch that the played deliverables received. */
  readonly batches: ReadonlyArray<ReadonlyArray<ClaimedRun>>
  /** The keys of makings that it was told to cancel. */
  readonly cancelled: ReadonlyArray<string>
  /** The dead letters that deliverables was told of. */
  readonly told: ReadonlyArray<DeadLetterTold>
  /** Every run that it received, one entry an attempt. */
  readonly attempts: ReadonlyArray<ClaimedRun>
  /** How the played deliverables answers from now on. */
  answer(with_: Answering): void
  /** Sends a request below `/api/v1/scheduler`, as the operator olga unless it says. */
  call(method: string, path: string, send?: Send): Promise<Answer>
  hire(more?: Partial<HireChange>): HireChange
  /** Waits until the scheduler knows a hire: until then it answers 404 to a pause or limit of it or of its customer. */
  arrived(hire: Pick<HireChange, "hired_instance_id">): Promise<void>
  goal(hire: HiredInstanceId, more?: Partial<GoalChange>): GoalChange
  /** Asks for a run now; the request's id. */
  request(goal: Pick<GoalChange, "goal_instance_id" | "hired_instance_id">, request_id?: string): string
  stop(): Promise<void>
}

/** Waits until a condition holds of what `look` returns, and returns that; fails with what was seen last. */
export const eventually = async <A>(look: () => Promise<A>, holds: (seen: A) => boolean, what: string): Promise<A> => {
  let seen: A | undefined
  await until(what, async () => holds(seen = await look()), () => JSON.stringify(seen))
  return seen as A
}
