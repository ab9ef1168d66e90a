/** A simulation says what the engine then does: its units of work, driven through the same days on the test's clock. */
import { assert, describe, it } from "@effect/vitest"
import type { Change } from "@stint/domain/hiring/Feed"
import type { DeliverableId } from "@stint/domain/Ids"
import type { ScheduleSettings } from "@stint/domain/Schedule"
import { Ids } from "@stint/edge/Ids"
import { DateTime, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { spreadOf } from "../src/Calendar/Spread.ts"
import { CLAIMED_AT_ONCE } from "../src/Engine/Fair.ts"
import * as EngineMemory from "../src/Engine/MemoryRepo.ts"
import { planDue } from "../src/Engine/Plan.ts"
import { EngineRepo } from "../src/Engine/Repo.ts"
import type { ClaimedRun } from "../src/Model.ts"
import * as ProjectionMemory from "../src/Projection/MemoryRepo.ts"
import { ProjectionRepo } from "../src/Projection/Repo.ts"
import type { Means } from "../src/Simulation/Queue.ts"
import { SimulationRepo } from "../src/Simulation/Repo.ts"
import { simulation } from "../src/Simulation/Run.ts"
import { makeWorkload, slotsOf } from "../src/Simulation/Workload.ts"
import { Store } from "../src/Store.ts"

const from = Date.parse("2026-03-28T20:00:00Z")
const storage = Layer.mergeAll(EngineMemory.layerMemory, ProjectionMemory.layerMemory, SimulationRepo.layerMemory).pipe(
  Layer.provideMerge(Store.layer),
  Layer.provide(Ids.layer),
)

/** Goals that meet: in one zone whose clocks change in these hours, and in others. */
const schedules: ReadonlyArray<ScheduleSettings> = [
  { cron: "*/2 22-23 * * *", overlap: "skip" },
  { cron: "*/3 * * * *", overlap: "queue" },
  { cron: "*/3 * * * *", overlap: "queue", timezone: "Europe/Berlin" },
  { cron: "*/10 1-3 * * *", overlap: "skip", timezone: "Europe/Berlin" },
  { cron: "0-9 21 * * *", overlap: "parallel" },
  { cron: "*/5 * * * *", spread_seconds: 240 },
  { cron: "*/5 * * * *", spread_seconds: 86_400, overlap: "skip" },
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

/** Lets the engine work off every slot up to an instant: what falls due, then claims, until all has ended. */
const drive = Effect.fnUntraced(function* (to: number, { run_ms, runs_at_once }: Means) {
  const repo = yield* EngineRepo
  const { goals } = yield* Store
  const underWay: Array<{ readonly ends: number; readonly runs: ReadonlyArray<ClaimedRun> }> = []
  const held = () => underWay.reduce((sum, { runs }) => sum + runs.length, 0)
  for (let now = from; Number.isFinite(now);) {
    yield* TestClock.setTime(now)
    while (underWay.length > 0 && underWay[0]!.ends <= now) {
      const { runs } = underWay.shift()!
      yield* repo.settle(
        runs.map((run) => ({ _tag: "Completed", run, deliverable_id: `DEL-${run.fence}` as DeliverableId })),
      )
    }
    for (let due = 1; due > 0;) {
      due = yield* repo.materialise(500, ({ goal, open, timezone }, at) => {
        const plan = planDue(goal, timezone, open, at)
        return (plan.next.next_slot ?? 0) > to ? { ...plan, next: { next_slot: null, due_at: null } } : plan
      })
    }
    for (let claimed = 1; claimed > 0 && held() < runs_at_once;) {
      const limit = Math.min(runs_at_once - held(), CLAIMED_AT_ONCE)
      const { runs } = yield* repo.claim({
        holder: "h",
        limit,
        leaseMs: 1e12,
        maxAttempts: 5,
        retriesPerSecond: 0,
        suspects: "take",
      })
      if (runs.length > 0) underWay.push({ ends: now + run_ms, runs })
      claimed = runs.length
    }
    now = Math.min(
      underWay[0]?.ends ?? Infinity,
      ...[...goals.values()].flatMap(({ due_at }) => due_at === null ? [] : [due_at]),
    )
  }
})

/** What the simulation says of the goals that are stored: each run with its begin, each skip. */
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

describe("a simulation of stored goals and the engine", () => {
  for (
    const [name, hours, means] of [
      ["places enough, runs longer than two slots", 12, { runs_at_once: 100, run_ms: 400_000 }],
      ["three places", 12, { runs_at_once: 3, run_ms: 130_000 }],
      ["one place that is not enough", 5, { runs_at_once: 1, run_ms: 90_000 }],
    ] as const
  ) {
    it.effect(name, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(from)
        assert.isTrue(yield* (yield* ProjectionRepo).apply(changes, { after: null, to: "1" }))
        const to = from + hours * 3_600_000
        const all = { ...means, runs_per_second: Infinity }
        const expected = yield* said(to, all)
        yield* drive(to, all)
        const { runs } = yield* Store
        const found = [...runs.values()].map((run) => {
          const slot = new Date(run.slot).toISOString()
          return `${run.goal_instance_id} ${slot} ${
            run.execution === null ? "skipped" : `at ${run.execution.started_at}`
          }`
        }).sort()
        assert.deepStrictEqual(found, expected)
        assert.isAbove(found.length, 500 / 12 * hours)
        assert.isTrue(found.some((line) => line.endsWith("skipped")))
      }).pipe(Effect.provide(storage)))
  }
})
