/** The queue and the engine's materialising driven by hand: goals that fell due, claims, outcomes. */
import { readable } from "@stint/edge/Paging"
import { PgClient } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import type { Change } from "@stint/domain/hiring/Feed"
import type { DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Ids } from "@stint/edge/Ids"
import { DateTime, Effect, Layer } from "effect"
import { testDatabase } from "../../../tests/support/Database.ts"
import { Repos } from "../src/App.ts"
import { makeMaterialise } from "../src/Engine/Materialise.ts"
import type { ClaimedRun } from "../src/Model.ts"
import { ProjectionRepo } from "../src/Projection/Repo.ts"
import { Queue } from "../src/Queue.ts"
import type { ClaimRequest } from "../src/Queue/Claim.ts"
import type { Outcome } from "../src/Queue/Outcome.ts"
import { RunsRepo } from "../src/Runs/Repo.ts"
import { toRun } from "../src/Runs/Wire.ts"
import { unique } from "./Harness.ts"

/** What the scheduler stores by, over a client. */
export const storage = Repos.pipe(Layer.provideMerge(Ids.layer))

/** The same, over a database of its own. */
export const database = storage.pipe(Layer.provideMerge(testDatabase("scheduler")))

/** What a test of it may use. */
export type Stored = Layer.Success<typeof database>

/** What hiring tells. */
export const change = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
  const repo = yield* ProjectionRepo
  const after = yield* repo.cursor()
  assert.isTrue(yield* repo.apply(changes, { after, to: String(Number(after ?? 0) + 1) }))
})
/** So many minutes ago. */
export const at = (minutesAgo: number) => DateTime.makeUnsafe(Date.now() - minutesAgo * 60_000)

/**
 * A cron of every minute that has passed since so many minutes ago, and of none that is to come within a few: whatever minute
 * begins during a test, it is no slot.
 */
const passedMinutes = (minutesAgo: number) => {
  const now = Math.floor(Date.now() / 60_000)
  return `${Array.from({ length: Math.min(minutesAgo, 55) }, (_, n) => (now - n) % 60).join(",")} * * * *`
}

/** Waits until a minute has ten seconds left at least: its slot is on time for as long, and missed once the next one has begun. */
export const withinAMinute = Effect.promise(async () => {
  const left = 60_000 - Date.now() % 60_000
  if (left < 10_000) await new Promise((resolve) => setTimeout(resolve, left))
})

/** A hire with one goal of these settings, written so many minutes ago: a slot each minute since then, unless they say. */
export const goalOf = Effect.fnUntraced(function* (
  schedule: Record<string, string | number>,
  minutesAgo: number,
  frequency: "cron" | "on_demand" = "cron",
  owner: { readonly customer_id?: string; readonly agent_id?: string } = {},
) {
  const hired_instance_id = unique("HAI") as HiredInstanceId
  const goal_instance_id = unique("GOI") as GoalInstanceId
  yield* change([
    {
      type: "hire",
      hired_instance_id,
      customer_id: (owner.customer_id ?? "acme") as never,
      agent_id: (owner.agent_id ?? "a") as never,
      subscription_id: "s" as never,
      version: 1,
      changed_at: at(minutesAgo),
      timezone: "UTC",
      runnable: true,
      reason: null,
    },
    {
      type: "goal",
      goal_instance_id,
      hired_instance_id,
      version: 1,
      changed_at: at(minutesAgo),
      deleted: false,
      enabled: true,
      frequency,
      schedule: frequency === "cron" ? { cron: passedMinutes(minutesAgo), ...schedule } : schedule,
      default_at: null,
    },
  ])
  return { hired_instance_id, goal_instance_id }
})
/** Decides over what has fallen due. */
export const materialise = Effect.flatMap(makeMaterialise, (materialise) => materialise(100))
/** Claims, as the engine does. */
export const claim = (
  limit = 100,
  leaseMs = 10_000,
  holder = "one",
  poison: ClaimRequest["poison"] = "take",
) =>
  Effect.flatMap(Queue, (queue) =>
    Effect.map(
      queue.claim({ holder, limit, leaseMs, maxAttempts: 5, retriesPerSecond: 1, poison }),
      ({ runs }) => runs,
    ))
/** The time of all that waits for it comes: of runs due later or backing off, and of leases. */
export const timePasses = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`update run_queue set claimable_at = now() where state in ('timed', 'held')`
})
/** The leases of these runs end, as if their time had passed. */
export const leasesEnd = Effect.fnUntraced(function* (runs: ReadonlyArray<Pick<ClaimedRun, "scheduled_run_id">>) {
  const sql = yield* PgClient.PgClient
  yield* sql`update run_queue set claimable_at = now() where state = 'held'
    and scheduled_run_id = any(${runs.map((run) => run.scheduled_run_id)}::varchar[])`
})
/** Writes outcomes. */
export const write = (outcomes: ReadonlyArray<Outcome>) =>
  Effect.flatMap(Queue, (queue) => queue.writeOutcomes(outcomes))
/** A run that went well. */
export const done = (run: ClaimedRun): Outcome => ({
  _tag: "Completed",
  run,
  deliverable_id: `DEL-${run.scheduled_run_id}` as DeliverableId,
})
/** All runs of a goal. */
export const runsOf = (goal_instance_id: string) =>
  Effect.map(
    Effect.flatMap(RunsRepo, (repo) => repo.list({ goal_instance_id, limit: 2000 })),
    (taken) => readable(taken).map((row) => toRun(row, (who) => who)),
  )
