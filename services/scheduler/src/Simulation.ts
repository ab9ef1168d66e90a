/** Simulations: the load of the coming days in virtual time, by the rules of the engine (api.md, scheduler). */
import { InvalidRequest } from "@stint/domain/Problem"
import {
  maxGoals,
  maxSeconds,
  type Simulate,
  type Simulated,
  type SimulatedHires,
  SimulationTooLarge,
} from "@stint/domain/scheduler/Simulation"
import { whole } from "@stint/edge/Refusal"
import { Clock, Context, DateTime, Effect, Layer, Semaphore } from "effect"
import { HealthRepo } from "./Health/Repo.ts"
import { SimulationRepo } from "./Simulation/Repo.ts"
import { simulation } from "./Simulation/Run.ts"
import { makeTally } from "./Simulation/Tally.ts"
import { makeWorkload, slotsOf, type Workload } from "./Simulation/Workload.ts"

const dayMs = 86_400_000
/** The duration of a run when none was measured, in milliseconds. */
const RUN_MS = 5
/** The throughput that was measured for the whole stack on two cores (README, "What it costs"). */
const RUNS_PER_SECOND = 2_700
/** How many stored goals are read at once. */
const PAGE = 1_000
/** How many stored goals are added between two turns of the event loop: each may have a rule of its own, which is parsed. */
const READ_AT_ONCE = 50
/** How many given goals of one rule are added between two turns of the event loop. */
const ADDED_AT_ONCE = 1_000
/** The latest end: instants of runs that queue up behind it still have years of four digits. */
const LATEST = Date.UTC(9000, 0, 1)

const tooLarge = (bound: SimulationTooLarge["bound"], limit: number) =>
  new SimulationTooLarge({ detail: `A simulation has at most ${limit.toLocaleString("en-US")} ${bound}`, bound, limit })

/** Simulations. */
export class Simulation extends Context.Service<Simulation, {
  /** Runs one at a time, and yields to other fibers every few milliseconds. It only reads. */
  simulate(input: Simulate): Effect.Effect<Simulated, InvalidRequest | SimulationTooLarge>
}>()("scheduler/Simulation") {
  static readonly layer = Layer.effect(Simulation, Effect.suspend(() => Effect.flatMap(stored, make)))

  /** For given hires alone, without a scheduler: there are no stored goals, and no duration was measured. */
  static readonly withoutStorage = Layer.effect(
    Simulation,
    Effect.suspend(() =>
      make({ workload: Effect.succeed({ workload: makeWorkload().workload(), hires: 0 }), runMs: Effect.succeed(null) })
    ),
  )
}

/** What a simulation reads of the scheduler. */
interface Stored {
  /** The goals that it has now. */
  readonly workload: Effect.Effect<{ readonly workload: Workload; readonly hires: number }, SimulationTooLarge>
  /** The mean duration of the last hour's runs, in milliseconds; null when there were none. */
  readonly runMs: Effect.Effect<number | null>
}

const make = Effect.fnUntraced(function* ({ runMs, workload: storedWorkload }: Stored) {
  const maxRunning = yield* whole("STINT_MAX_RUNNING", 1, 100_000, 800, "runs")
  // two at once would take twice as long each, and twice the memory
  const oneAtATime = yield* Semaphore.make(1)

  const simulate = Effect.fn("Simulation.simulate")(function* (input: Simulate) {
    const began = yield* Clock.currentTimeMillis
    const from = input.from === undefined ? began : DateTime.toEpochMillis(input.from)
    const to = from + input.days * dayMs
    if (to > LATEST) {
      const errors = [{ path: "$.from", message: "must be early enough for the days to end before the year 9000" }]
      return yield* new InvalidRequest({ detail: `${errors[0]!.path} ${errors[0]!.message}`, errors })
    }
    const { hires, workload } = yield* input.hires === undefined
      ? storedWorkload
      : Effect.map(givenWorkload(input.hires, began), (workload) => ({ workload, hires: countOf(input.hires!) }))
    const slots = yield* finish(slotsOf(workload, from, to), began)
    if ("bound" in slots) return yield* tooLarge(slots.bound, slots.limit)
    const capacity = {
      runs_at_once: input.capacity?.runs_at_once ?? maxRunning,
      run_ms: input.capacity?.run_ms ?? Math.round((yield* runMs) ?? RUN_MS),
      runs_per_second: input.capacity?.runs_per_second ?? RUNS_PER_SECOND,
    }
    const loadUnder = Effect.fnUntraced(function* (spread?: number) {
      const { load, observer } = makeTally()
      yield* finish(simulation(workload, slots, from, capacity, observer, spread), began)
      return load()
    })
    const { spread_seconds } = input
    return {
      source: input.source ?? "given",
      from: DateTime.makeUnsafe(from),
      to: DateTime.makeUnsafe(to),
      hires,
      goals: workload.ids.length,
      slots: slots.total,
      distinct_rules: workload.rules.length,
      capacity,
      ...(yield* loadUnder()),
      ...(spread_seconds === undefined
        ? {}
        : { with_spread: { spread_seconds, ...(yield* loadUnder(spread_seconds)) } }),
    } satisfies Simulated
  })

  return Simulation.of({ simulate: (input) => oneAtATime.withPermit(simulate(input)) })
})

/** Runs the steps of a simulation that began at an instant (epoch ms); fails when it takes too long. */
const finish = Effect.fnUntraced(function* <A>(steps: Generator<void, A>, began: number) {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    yield* Effect.yieldNow
    if ((yield* Clock.currentTimeMillis) - began > maxSeconds * 1_000) return yield* tooLarge("seconds", maxSeconds)
  }
})

const stored = Effect.gen(function* () {
  const repo = yield* SimulationRepo
  const health = yield* HealthRepo
  const workload = Effect.gen(function* () {
    const { add, workload } = makeWorkload()
    const hires = new Set<string>()
    let after = ""
    for (let read = PAGE; read === PAGE;) {
      const goals = yield* repo.goals(after, PAGE)
      for (const [nth, goal] of goals.entries()) {
        if (nth % READ_AT_ONCE === READ_AT_ONCE - 1) yield* Effect.yieldNow
        if (!add(goal, [goal.goal_instance_id])) return yield* tooLarge("goals", maxGoals)
        hires.add(goal.hired_instance_id)
        after = goal.goal_instance_id
      }
      read = goals.length
    }
    return { workload: workload(), hires: hires.size }
  })
  return { workload, runMs: Effect.map(health.vitals, ({ avg_duration_ms }) => avg_duration_ms) } satisfies Stored
})

const countOf = (hires: ReadonlyArray<SimulatedHires>) => hires.reduce((sum, { count }) => sum + count, 0)

/** The goals of given hires, in steps; false when there are too many. */
function* added(hires: ReadonlyArray<SimulatedHires>, add: ReturnType<typeof makeWorkload>["add"]) {
  for (const [nth, { count, goals, timezone = "UTC" }] of hires.entries()) {
    for (const [which, goal] of goals.entries()) {
      const many = count * (goal.count ?? 1)
      if (many > maxGoals) return false
      const { default_at = null, frequency, schedule = {} } = goal
      // it has no slots: nothing is made of its goals, however many there are
      if (frequency === "on_demand") continue
      for (let from = 0; from < many; from += ADDED_AT_ONCE) {
        const length = Math.min(ADDED_AT_ONCE, many - from)
        const ids = Array.from({ length }, (_, one) => `SIM-${nth}-${which}-${from + one}`)
        if (!add({ frequency, schedule, default_at, timezone }, ids)) return false
        yield
      }
    }
  }
  return true
}

/** The goals of given hires. Their ids are the same each time, and with them their spreads. */
const givenWorkload = Effect.fnUntraced(function* (hires: ReadonlyArray<SimulatedHires>, began: number) {
  const { add, workload } = makeWorkload()
  return (yield* finish(added(hires, add), began)) ? workload() : yield* tooLarge("goals", maxGoals)
})
