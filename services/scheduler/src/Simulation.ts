/** What the days to come look like, in virtual time, through the rules that the engine runs by (api.md, scheduler). */
import { InvalidRequest } from "@stint/domain/Problem"
import {
  maxGoals,
  maxSeconds,
  type Simulate,
  type Simulated,
  type SimulatedHires,
  type SimulatedLoad,
  SimulationTooLarge,
} from "@stint/domain/scheduler/Simulation"
import { whole } from "@stint/edge/Refusal"
import { Clock, Context, DateTime, Effect, Layer, Semaphore } from "effect"
import { HealthRepo } from "./Health/Repo.ts"
import { SimulationRepo } from "./Simulation/Repo.ts"
import { simulation } from "./Simulation/Run.ts"
import { makeTally } from "./Simulation/Tally.ts"
import { makeWorkload, slotsOf } from "./Simulation/Workload.ts"

const dayMs = 86_400_000
/** What a run takes when none was measured, in milliseconds. */
const RUN_MS = 5
/** What the whole stack was measured to do on two cores (README, "What it costs"). */
const RUNS_PER_SECOND = 2_700
/** How many stored goals are read at once. */
const PAGE = 2_000
/** How many goals are made up between two turns of the event loop. */
const MADE = 1_000
/** The latest start: what queues up behind it is still told in years of four digits. */
const LATEST = Date.UTC(9000, 0, 1)

const tooLarge = (bound: SimulationTooLarge["bound"], limit: number) =>
  new SimulationTooLarge({ detail: `A simulation has at most ${limit.toLocaleString("en-US")} ${bound}`, bound, limit })

/** Simulations. */
export class Simulation extends Context.Service<Simulation, {
  /** Runs one, one at a time, and lets others work every few milliseconds. It changes nothing. */
  simulate(input: Simulate): Effect.Effect<Simulated, InvalidRequest | SimulationTooLarge>
}>()("scheduler/Simulation") {
  static readonly layerNoDeps = Layer.effect(
    Simulation,
    Effect.gen(function* () {
      const repo = yield* SimulationRepo
      const health = yield* HealthRepo
      const runs_at_once = yield* whole("STINT_MAX_RUNNING", 1, 100_000, 800)
      // two at once would take twice as long each, and twice the memory
      const oneAtATime = yield* Semaphore.make(1)

      const stored = Effect.gen(function* () {
        const { add, workload } = makeWorkload()
        const hires = new Set<string>()
        let after = ""
        for (let read = PAGE; read === PAGE;) {
          const goals = yield* repo.goals(after, PAGE)
          for (const goal of goals) {
            if (!add(goal, [goal.goal_instance_id])) return yield* tooLarge("goals", maxGoals)
            hires.add(goal.hired_instance_id)
            after = goal.goal_instance_id
          }
          read = goals.length
        }
        return { workload: workload(), hires: hires.size }
      })

      /** Made-up hires; the ids of their goals are the same each time, and with them their spreads. */
      const given = Effect.fnUntraced(function* (hires: ReadonlyArray<SimulatedHires>) {
        const { add, workload } = makeWorkload()
        for (const [nth, { count, goals, timezone = "UTC" }] of hires.entries()) {
          for (const [which, goal] of goals.entries()) {
            const many = count * (goal.count ?? 1)
            if (many > maxGoals) return yield* tooLarge("goals", maxGoals)
            const { default_at = null, frequency, schedule = {} } = goal
            for (let made = 0; made < many; made += MADE) {
              const length = Math.min(MADE, many - made)
              const ids = Array.from({ length }, (_, one) => `SIM-${nth}-${which}-${made + one}`)
              if (!add({ frequency, schedule, default_at, timezone }, ids)) return yield* tooLarge("goals", maxGoals)
              yield* Effect.yieldNow
            }
          }
        }
        return { workload: workload(), hires: hires.reduce((sum, { count }) => sum + count, 0) }
      })

      const simulate = Effect.fn("Simulation.simulate")(function* (input: Simulate) {
        const began = yield* Clock.currentTimeMillis
        const from = input.from === undefined ? began : DateTime.toEpochMillis(input.from)
        const to = from + input.days * dayMs
        if (to > LATEST) {
          const errors = [{ path: "$.from", message: "must be early enough for the days to end before the year 9000" }]
          return yield* new InvalidRequest({ detail: `${errors[0]!.path} ${errors[0]!.message}`, errors })
        }
        /** Runs a pure part to its end, step by step; the event loop has its turn between two steps. */
        const stepped = Effect.fnUntraced(function* <A>(steps: Generator<void, A>) {
          for (;;) {
            const step = steps.next()
            if (step.done === true) return step.value
            yield* Effect.yieldNow
            if ((yield* Clock.currentTimeMillis) - began > maxSeconds * 1_000) {
              return yield* tooLarge("seconds", maxSeconds)
            }
          }
        })
        const { hires, workload } = yield* input.hires === undefined ? stored : given(input.hires)
        const slots = yield* stepped(slotsOf(workload, from, to))
        if ("bound" in slots) return yield* tooLarge(slots.bound, slots.limit)
        const capacity = {
          runs_at_once: input.capacity?.runs_at_once ?? runs_at_once,
          run_ms: input.capacity?.run_ms ?? Math.round((yield* health.vitals).avg_duration_ms ?? RUN_MS),
          runs_per_second: input.capacity?.runs_per_second ?? RUNS_PER_SECOND,
        }
        const loadUnder = Effect.fnUntraced(function* (spread?: number) {
          const { load, witness } = makeTally()
          yield* stepped(simulation(workload, slots, from, capacity, witness, spread))
          return load()
        })
        const { spread_seconds } = input
        const load: SimulatedLoad = yield* loadUnder()
        return {
          source: input.source ?? "given",
          from: DateTime.makeUnsafe(from),
          to: DateTime.makeUnsafe(to),
          hires,
          goals: workload.ids.length,
          slots: slots.total,
          distinct_rules: workload.rules.length,
          capacity,
          ...load,
          ...(spread_seconds === undefined
            ? {}
            : { with_spread: { spread_seconds, ...(yield* loadUnder(spread_seconds)) } }),
        } satisfies Simulated
      })

      return Simulation.of({ simulate: (input) => oneAtATime.withPermit(simulate(input)) })
    }),
  )
}
