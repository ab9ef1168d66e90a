/** Pure: simulations in virtual time, small cases by hand and properties of all. */
import { assert, describe, it } from "@effect/vitest"
import { type ScheduleSettings, weekdays } from "@stint/domain/Schedule"
import { maxGoals, maxPoints, maxSlots, type SimulatedLoad } from "@stint/domain/scheduler/Simulation"
import { Arbitrary, DateTime, Schema } from "effect"
import { between } from "../src/Calendar.ts"
import { spreadOf } from "../src/Calendar/Spread.ts"
import { ruleOfGoal } from "../src/Timeline.ts"
import type { Means, Observer } from "../src/Simulation/Queue.ts"
import { simulation } from "../src/Simulation/Run.ts"
import { makeTally } from "../src/Simulation/Tally.ts"
import { makeWorkload, type Scheduled, slotsOf, type Workload } from "../src/Simulation/Workload.ts"

const dayMs = 86_400_000
const from = Date.parse("2026-03-01T00:00:00Z")
const unlimited: Means = { runs_at_once: 1_000_000, run_ms: 0, runs_per_second: Infinity }

const finished = <A>(steps: Generator<void, A>): A => {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
const daily = (schedule: ScheduleSettings = {}): Scheduled => ({
  frequency: "daily",
  schedule,
  default_at: null,
  timezone: "UTC",
})
const cron = (expression: string, more: ScheduleSettings = {}): Scheduled => ({
  frequency: "cron",
  schedule: { cron: expression, ...more },
  default_at: null,
  timezone: "UTC",
})
const workloadOf = (goals: ReadonlyArray<Scheduled>): Workload => {
  const { add, workload } = makeWorkload()
  goals.forEach((goal, nth) => assert.isTrue(add(goal, [`GOI-${nth}`])))
  return workload()
}
const slotsIn = (workload: Workload, days: number) => {
  const slots = finished(slotsOf(workload, from, from + days * dayMs))
  if ("bound" in slots) throw new Error(slots.bound)
  return slots
}
/** Runs it: the figures, and every run and skip. */
const simulated = (goals: ReadonlyArray<Scheduled>, days: number, means: Means, spread?: number) => {
  const workload = workloadOf(goals)
  const slots = slotsIn(workload, days)
  const { load, observer } = makeTally()
  const begun: Array<{ goal: number; due: number; at: number }> = []
  const skips: Array<{ goal: number; due: number }> = []
  const both: Observer = {
    began: (goal, due, at) => {
      begun.push({ goal, due, at })
      observer.began(goal, due, at)
    },
    skipped: (goal, due) => {
      skips.push({ goal, due })
      observer.skipped(goal, due)
    },
    waits: observer.waits,
  }
  finished(simulation(workload, slots, from, means, both, spread))
  return { begun, skips, load: load(), slots, workload }
}
const sum = (load: SimulatedLoad) => load.curve.reduce((all, { runs }) => all + runs, 0)

describe("by hand", () => {
  it("three goals at 09:00 and one place: the second waits for the first, the third for both", () => {
    const { begun, load } = simulated([daily(), daily(), daily()], 1, { ...unlimited, runs_at_once: 1, run_ms: 1_000 })
    const nine = from + 9 * 3_600_000
    assert.deepStrictEqual(begun.map(({ at, due }) => [due, at - due]), [[nine, 0], [nine, 1_000], [nine, 2_000]])
    assert.deepStrictEqual(load.lateness_ms, { p50: 1_000, p95: 2_000, p99: 2_000, max: 2_000 })
    assert.deepInclude(load, { runs: 3, skipped: 0, peak_per_minute: 3, peak_queue: 2, step_seconds: 60 })
    assert.deepStrictEqual(load.curve.map(({ minute, runs }) => [DateTime.formatIso(minute), runs]), [
      ["2026-03-01T09:00:00.000Z", 3],
    ])
  })

  it("a claim takes at most 200, one after the other, each as long as its runs cost", () => {
    const goals = Array.from({ length: 500 }, () => daily())
    const { begun, load } = simulated(goals, 1, { runs_at_once: 1_000, run_ms: 0, runs_per_second: 1_000 })
    const late = new Map<number, number>()
    for (const { at, due } of begun) late.set(at - due, (late.get(at - due) ?? 0) + 1)
    assert.deepStrictEqual([...late], [[200, 200], [400, 200], [500, 100]])
    assert.strictEqual(load.peak_queue, 300)
  })

  it("a tally keeps few figures of runs of any lateness and minute: its answer is made at once", () => {
    const { load, observer } = makeTally()
    let reads = 0
    const many = 300_000
    for (let nth = 0; nth < many; nth++) observer.began(0, from, from + nth * 3_600_000)
    const { curve, lateness_ms, runs, ...told } = load()
    for (const point of curve) reads += point.runs
    assert.deepStrictEqual([runs, reads], [many, many])
    assert.isAtMost(curve.length, maxPoints)
    assert.deepStrictEqual(told.busiest.length, 10)
    assert.strictEqual(DateTime.toEpochMillis(told.busiest[0]!.minute), from)
    // in whole days above 100 days: as many values as days, not as runs
    assert.strictEqual(lateness_ms!.max % dayMs, 0)
    assert.approximately(lateness_ms!.max, (many - 1) * 3_600_000, dayMs / 2)
  })

  it("overlap: queue lets one wait and skips the next, skip lets none wait, parallel lets all run", () => {
    // five slots a minute apart, each run takes 150 s
    const means = { ...unlimited, run_ms: 150_000 }
    const of = (overlap: "queue" | "skip" | "parallel") => {
      const { begun, load, skips } = simulated([cron("0-4 12 * * *", { overlap })], 1, means)
      const minute = (at: number) => (at - from - 12 * 3_600_000) / 60_000
      return {
        runs: begun.map(({ at, due }) => [minute(due), minute(at)]),
        skips: skips.map(({ due }) => minute(due)),
        counted: [load.runs, load.skipped],
      }
    }
    assert.deepStrictEqual(of("queue"), { runs: [[0, 0], [1, 2.5], [3, 5]], skips: [2, 4], counted: [3, 2] })
    assert.deepStrictEqual(of("skip"), { runs: [[0, 0], [3, 3]], skips: [1, 2, 4], counted: [2, 3] })
    assert.deepStrictEqual(of("parallel").runs, [[0, 0], [1, 1], [2, 2], [3, 3], [4, 4]])
  })

  it("a spread moves the starts, not the slots, each goal by its own offset", () => {
    const goals = Array.from({ length: 50 }, () => daily({ spread_seconds: 600 }))
    const own = simulated(goals, 2, unlimited)
    for (const { due, goal } of own.begun) {
      assert.strictEqual((due - from) % dayMs, 9 * 3_600_000 + spreadOf(`GOI-${goal}`, 600))
    }
    assert.isBelow(own.load.peak_per_minute, 20)
    const none = simulated(goals, 2, unlimited, 0)
    assert.deepInclude(none.load, { runs: 100, peak_per_minute: 50 })
    assert.deepStrictEqual(simulated(goals.map(() => daily()), 2, unlimited, 600).begun, own.begun)
  })

  it("a rule is evaluated once, however it was said and however many goals it has", () => {
    const { add, workload } = makeWorkload()
    add(daily(), ["a", "b"])
    add(daily({ at: "09:00", overlap: "skip" }), ["c"])
    add(daily({ timezone: "UTC" }), ["d"])
    add(daily({ at: "10:00" }), ["e"])
    add({ ...daily(), frequency: "on_demand" }, ["f"])
    const { goalsOf, ids, rules } = workload()
    assert.deepStrictEqual(goalsOf, [4, 1])
    assert.lengthOf(rules, 2)
    assert.lengthOf(ids, 5)
  })

  it("the curve's step grows until it has no more than its points, and counts every run", () => {
    const { load } = simulated([cron("*/5 * * * *")], 30, unlimited)
    assert.strictEqual(load.runs, 30 * 288)
    assert.isAtMost(load.curve.length, maxPoints)
    assert.strictEqual(load.step_seconds, 3_600)
    assert.strictEqual(sum(load), load.runs)
    assert.deepStrictEqual(new Set(load.curve.slice(1, -1).map(({ runs }) => runs)), new Set([12]))
    assert.lengthOf(load.busiest, 10)
  })

  it("too many goals or slots are refused, before they are held", () => {
    const { add } = makeWorkload()
    assert.isTrue(add(daily(), new Array<string>(maxGoals).fill("x")))
    assert.isFalse(add(daily(), ["one more"]))
    assert.isTrue(add({ ...daily(), frequency: "on_demand" }, ["no slots"]))
    const workload = { rules: [ruleOfGoal(cron("* * * * *"), "UTC")], goalsOf: [10_000] }
    assert.deepStrictEqual(finished(slotsOf(workload, from, from + 366 * dayMs)), {
      _tag: "OverBound",
      bound: "slots",
      limit: maxSlots,
    })
  })

  it.each([
    ["a day's backlog before the next slot", "0 0 * * *", 3, { runs_at_once: 1, run_ms: 1, runs_per_second: 1e6 }],
    ["a backlog that is drained at the end", "0 1 * * *", 1, {
      runs_at_once: 1,
      run_ms: 3_600_000,
      runs_per_second: 1e6,
    }],
    ["all places taken at once", "0 0 * * *", 2, { runs_at_once: 1e6, run_ms: 1, runs_per_second: 1e6 }],
  ])("A4: others may go on after so much work, whatever it is: %s", (_, rule, days, means) => {
    const { add, workload } = makeWorkload()
    for (let nth = 0; nth < 60; nth++) {
      add(cron(rule, { overlap: "parallel" }), Array.from({ length: 1_000 }, (_, n) => `GOI-${nth}-${n}`))
    }
    const goals = workload()
    let [work, most, runs] = [0, 0, 0]
    const observer: Observer = {
      began: () => {
        work++
        runs++
      },
      skipped: () => void work++,
      waits: () => void work++,
    }
    const steps = simulation(goals, slotsIn(goals, days), from, means, observer)
    for (;;) {
      const { done } = steps.next()
      most = Math.max(most, work)
      work = 0
      if (done === true) break
    }
    assert.strictEqual(runs, days * 60_000)
    // 10,000 of the queue and 1,000 starts
    assert.isAtMost(most, 12_000)
  })

  it("a rule that this runtime can't evaluate has no slots, and its neighbours have theirs", () => {
    const workload = workloadOf([{ ...daily(), timezone: "Mars/Olympus" }, daily()])
    assert.deepStrictEqual(slotsIn(workload, 3).of.map((slots) => slots.length), [0, 3])
  })
})

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Goal = Schema.Struct({
  frequency: Schema.Literals(["daily", "weekly", "monthly", "cron"]),
  hour: int(0, 23),
  minute: int(0, 59),
  weekday: Schema.Literals(weekdays),
  every: Schema.Literals([1, 2, 5, 30]),
  timezone: Schema.Literals(["UTC", "Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe"]),
  overlap: Schema.Literals(["queue", "skip", "parallel"]),
  spread_seconds: Schema.Literals([0, 0, 59, 900, 86_400]),
})
const Case = Schema.Struct({
  goals: Schema.Array(Goal).check(Schema.isMinLength(1), Schema.isMaxLength(8)),
  days: int(1, 4),
  runs_at_once: int(1, 5),
  run_ms: Schema.Literals([0, 1, 5_000, 90_000, 400_000]),
  runs_per_second: Schema.Literals([1, 100, 2_700, 1e9]),
  spread: int(0, 86_400),
})
const goalsOf = ({ goals }: typeof Case.Type): ReadonlyArray<Scheduled> =>
  goals.map(({ every, frequency, hour, minute, overlap, spread_seconds, timezone, weekday }) => {
    const two = (n: number) => String(n).padStart(2, "0")
    const at = `${two(hour)}:${two(minute)}`
    const schedule = frequency === "cron"
      ? { cron: `*/${every} ${hour % 6}-${hour % 6 + 3} * * *` }
      : { at, ...(frequency === "weekly" ? { weekday } : {}) }
    return { frequency, default_at: null, timezone, schedule: { ...schedule, overlap, spread_seconds } }
  })

describe("of every simulation", () => {
  const runs = { arbitrary: { runs: 100 } }

  it.prop("each slot is `between`'s, and runs once or is skipped", { one: Arbitrary.schema(Case) }, ({ one }) => {
    const goals = goalsOf(one)
    const { begun, load, skips, slots } = simulated(goals, one.days, one)
    const expected = goals.flatMap((goal, nth) => {
      const offset = spreadOf(`GOI-${nth}`, (goal.schedule as ScheduleSettings).spread_seconds ?? 0)
      return between(ruleOfGoal(goal, goal.timezone), from, from + one.days * dayMs, 1e6)
        .map((slot) => `${nth} ${slot + offset}`)
    })
    const found = [...begun, ...skips].map(({ due, goal }) => `${goal} ${due}`)
    assert.deepStrictEqual(found.sort(), expected.sort())
    assert.strictEqual(load.runs + load.skipped, slots.total)
    assert.strictEqual(sum(load), load.runs)
  }, runs)

  it.prop("no run begins before it is due, and never too many at once", { one: Arbitrary.schema(Case) }, ({ one }) => {
    const { begun } = simulated(goalsOf(one), one.days, one)
    const events = begun.flatMap(({ at }) => [[at, 1], [at + one.run_ms, -1]] as const)
      .sort(([a, up], [b, down]) => a - b || up - down)
    let now = 0
    for (const [, step] of one.run_ms === 0 ? [] : events) {
      now += step
      assert.isAtMost(now, one.runs_at_once)
    }
    let last = 0
    for (const { at, due } of begun) {
      assert.isAtLeast(at, due)
      assert.isAtLeast(at, last)
      last = at
    }
  }, runs)

  it.prop(
    "with unlimited capacity nothing is late and nothing is skipped",
    { one: Arbitrary.schema(Case) },
    ({ one }) => {
      const { load, slots } = simulated(goalsOf(one), one.days, unlimited)
      assert.deepInclude(load, { runs: slots.total, skipped: 0, peak_queue: 0 })
      assert.strictEqual(load.lateness_ms?.max ?? 0, 0)
    },
    runs,
  )

  it.prop(
    "a spread loses no slot, and of goals that overlap nothing no run",
    { one: Arbitrary.schema(Case) },
    ({ one }) => {
      const goals = goalsOf(one)
      const spread = simulated(goals, one.days, one, one.spread)
      assert.strictEqual(spread.load.runs + spread.load.skipped, spread.slots.total)
      const parallel = goals.map((goal) => ({ ...goal, schedule: { ...goal.schedule, overlap: "parallel" } }))
      const loads = [undefined, one.spread].map((seconds) => simulated(parallel, one.days, one, seconds).load)
      assert.deepStrictEqual(loads.map((load) => load.runs), [spread.slots.total, spread.slots.total])
    },
    runs,
  )
})
