/** A simulation says what the engine then does: the engine is driven through the same hours, on a clock that stands still. */
import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import type { Change } from "@stint/domain/hiring/Feed"
import type { DeliverableId } from "@stint/domain/Ids"
import type { ScheduleSettings } from "@stint/domain/Schedule"
import { Ids } from "@stint/edge/Ids"
import { DateTime, Effect, Layer } from "effect"
import { cloneDatabase } from "../../../tests/support/Database.ts"
import { Repos } from "../src/App.ts"
import { spreadOf } from "../src/Calendar/Spread.ts"
import { makeMaterialise, type Plan } from "../src/Engine/Materialise.ts"
import { planDue } from "../src/Engine/Plan.ts"
import type { ClaimedRun } from "../src/Model.ts"
import { ProjectionRepo } from "../src/Projection/Repo.ts"
import { Queue } from "../src/Queue.ts"
import { CLAIMED_AT_ONCE } from "../src/Queue/Fair.ts"
import type { Means } from "../src/Simulation/Queue.ts"
import { SimulationRepo } from "../src/Simulation/Repo.ts"
import { simulation } from "../src/Simulation/Run.ts"
import { makeWorkload, slotsOf } from "../src/Simulation/Workload.ts"

/** An hour before the clocks of Berlin go forward. */
const from = Date.parse("2026-03-29T00:00:00Z")

/**
 * Goals that meet, in a zone whose clocks change in these hours and in others. Each has a spread: runs that are due at one
 * instant may be claimed in any order.
 */
const schedules: ReadonlyArray<ScheduleSettings> = [
  { cron: "*/2 0-1 * * *", overlap: "skip", spread_seconds: 59 },
  { cron: "*/3 * * * *", overlap: "queue", spread_seconds: 59 },
  { cron: "*/3 * * * *", overlap: "queue", spread_seconds: 59, timezone: "Europe/Berlin" },
  { cron: "*/10 1-3 * * *", overlap: "skip", spread_seconds: 59, timezone: "Europe/Berlin" },
  { cron: "0-9 1 * * *", overlap: "parallel", spread_seconds: 59 },
  { cron: "*/5 * * * *", spread_seconds: 240 },
  { cron: "*/5 * * * *", spread_seconds: 7_200, overlap: "skip" },
  { cron: "7 * * * *", overlap: "parallel", spread_seconds: 600, timezone: "Asia/Kolkata" },
]
const goalId = (nth: number) => `GOI-${nth}`

const changes: ReadonlyArray<Change> = [
  {
    type: "hire",
    hired_instance_id: "HAI-1" as never,
    customer_id: "acme" as never,
    agent_id: "a" as never,
    subscription_id: "s" as never,
    version: 1,
    changed_at: DateTime.makeUnsafe(from),
    timezone: "UTC",
    runnable: true,
    reason: null,
  },
  ...schedules.map((schedule, nth): Change => ({
    type: "goal",
    goal_instance_id: goalId(nth) as never,
    hired_instance_id: "HAI-1" as never,
    version: 1,
    changed_at: DateTime.makeUnsafe(from),
    deleted: false,
    enabled: true,
    frequency: "cron",
    schedule,
    default_at: null,
  })),
]

/** A database whose `now()` is the instant in a table: it stands still until the test sets it. */
const database = Layer.unwrap(Effect.gen(function* () {
  const { database, databaseUrl, migrateUrl } = yield* cloneDatabase("scheduler")
  const url = (as: typeof databaseUrl) => PgClient.layer({ url: as, maxConnections: 4 }).pipe(Layer.orDie)
  yield* Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql.unsafe(`do $$ begin
      create schema clock;
      create table clock.instant (at timestamptz not null);
      insert into clock.instant values ('epoch');
      create function clock.now() returns timestamptz stable language sql as 'select at from clock.instant';
      create function clock.statement_timestamp() returns timestamptz stable language sql as 'select at from clock.instant';
      create function clock.clock_timestamp() returns timestamptz stable language sql as 'select at from clock.instant';
      grant usage on schema clock to public;
      grant select, update on clock.instant to public;
    end $$`)
    yield* sql.unsafe(`alter database ${database} set search_path = public, clock, pg_catalog`).unprepared
  }).pipe(Effect.provide(url(migrateUrl)), Effect.orDie)
  return url(databaseUrl)
}))
const storage = Repos.pipe(Layer.provideMerge(Ids.layer), Layer.provideMerge(database))

const setTime = Effect.fnUntraced(function* (millis: number) {
  const sql = yield* PgClient.PgClient
  yield* sql`update clock.instant set at = ${new Date(millis)}`
})
/** When the next goal falls due; Infinity when none does. */
const nextDue = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const [row] = yield* sql<{ at: Date | null }>`select min(due_at) as at from projected_goals`
  return row?.at?.getTime() ?? Infinity
})

/** Has the engine decide, claim and complete every slot up to an instant. */
const drive = Effect.fnUntraced(function* (to: number, { run_ms, runs_at_once }: Means) {
  const queue = yield* Queue
  const materialise = yield* makeMaterialise
  const plan: Plan = (goal, timezone, open, at) => {
    const decided = planDue(goal, timezone, open, at)
    return (decided.next.next_slot ?? 0) > to ? { ...decided, next: { next_slot: null, due_at: null } } : decided
  }
  const running: Array<{ readonly ends: number; readonly runs: ReadonlyArray<ClaimedRun> }> = []
  const held = () => running.reduce((sum, { runs }) => sum + runs.length, 0)
  for (let now = from; Number.isFinite(now);) {
    yield* setTime(now)
    while (running.length > 0 && running[0]!.ends <= now) {
      const { runs } = running.shift()!
      yield* queue.writeOutcomes(
        runs.map((run) => ({ _tag: "Completed", run, deliverable_id: `DEL-${run.fence}` as DeliverableId })),
      )
    }
    while ((yield* nextDue) <= now) yield* materialise(500, plan)
    for (let claimed = 1; claimed > 0 && held() < runs_at_once;) {
      const { runs } = yield* queue.claim({
        holder: "h",
        limit: Math.min(runs_at_once - held(), CLAIMED_AT_ONCE),
        leaseMs: 1e9,
        maxAttempts: 5,
        retriesPerSecond: 0,
        poison: "take",
      })
      if (runs.length > 0) running.push({ ends: now + run_ms, runs })
      claimed = runs.length
    }
    now = Math.min(running[0]?.ends ?? Infinity, yield* nextDue)
  }
})

/** What the engine did: each run with its begin, each skip. */
const done = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const rows = yield* sql<{ goal: string; slot: Date; begun: Date | null }>`
    select r.goal_instance_id as goal, r.scheduled_time as slot, g.started_at as begun
    from scheduled_goal_runs r left join goal_runs g using (scheduled_run_id)`
  return rows.map(({ begun, goal, slot }) =>
    `${goal} ${slot.toISOString()} ${begun === null ? "skipped" : `at ${begun.getTime()}`}`
  ).sort()
})

/** What the simulation of the stored goals says: each run with its begin, each skip. */
const said = Effect.fnUntraced(function* (to: number, means: Means) {
  const { add, workload } = makeWorkload()
  for (const goal of yield* (yield* SimulationRepo).goals("", 100)) add(goal, [goal.goal_instance_id])
  const goals = workload()
  const steps = slotsOf(goals, from, to)
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  if ("bound" in step.value) throw new Error(step.value.bound)
  const lines: Array<string> = []
  const slotOf = (goal: number, due: number) =>
    new Date(due - spreadOf(goals.ids[goal]!, goals.spread_seconds[goal]!)).toISOString()
  const run = simulation(goals, step.value, from, means, {
    began: (goal, due, at) => void lines.push(`${goals.ids[goal]} ${slotOf(goal, due)} at ${at}`),
    skipped: (goal, due) => void lines.push(`${goals.ids[goal]} ${slotOf(goal, due)} skipped`),
    waits: () => {},
  })
  while (run.next().done !== true) { /* to its end */ }
  return lines.sort()
})

for (
  const [name, means] of [
    ["places enough, runs longer than two slots", { runs_at_once: 100, run_ms: 400_000 }],
    ["three places", { runs_at_once: 3, run_ms: 130_000 }],
    ["one place, which is too few", { runs_at_once: 1, run_ms: 90_000 }],
  ] as const
) {
  it.live(`a simulation of stored goals and the engine agree: ${name}`, () =>
    Effect.gen(function* () {
      yield* setTime(from)
      assert.isTrue(yield* (yield* ProjectionRepo).apply(changes, { after: null, to: "1" }))
      const to = from + 1.5 * 3_600_000
      const all = { ...means, runs_per_second: Infinity }
      const expected = yield* said(to, all)
      yield* drive(to, all)
      const found = yield* done
      assert.deepStrictEqual(found, expected)
      assert.isAbove(found.length, 80)
      assert.isTrue(found.some((line) => line.endsWith("skipped")))
    }).pipe(Effect.provide(storage)))
}
