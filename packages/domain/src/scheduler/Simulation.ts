/** Simulation: the load of the coming days in virtual time, and the effect of a spread (api.md, scheduler). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { Frequency } from "../Definition.ts"
import { scheduleFaults } from "../Definition/ScheduleKeys.ts"
import { listOf, overBound as over, own } from "../Documents.ts"
import { InvalidRequest, problem } from "../Problem.ts"
import { Instant, JudgedFirst } from "../Protocol.ts"
import { LocalTime } from "../Formats.ts"
import { ScheduleSettings, Timezone } from "../Schedule.ts"

/** The most goals of one simulation. */
export const maxGoals = 200_000
/** The most slots of one simulation, of all goals together. */
export const maxSlots = 5_000_000
/** The longest time that one simulation may compute, in seconds. */
export const maxSeconds = 20
/** The most points of a curve; its step grows until they suffice. */
export const maxPoints = 1_440

const whole = (minimum: number, maximum: number) =>
  Schema.Int.check(
    Schema.isBetween({ minimum, maximum }, { message: `must be a whole number, ${minimum} to ${maximum}` }),
  )

/** `count` goals (default 1) of one schedule, validated as a goal's `settings.schedule` is. */
export const SimulatedGoals = Schema.Struct({
  count: Schema.optionalKey(whole(1, 1_000)),
  frequency: Frequency,
  schedule: Schema.optionalKey(ScheduleSettings),
  default_at: Schema.optionalKey(LocalTime),
}).check(
  Schema.makeFilter((goal: { readonly frequency: Frequency; readonly schedule?: unknown }) =>
    scheduleFaults(goal.frequency, goal.schedule === undefined ? {} : { schedule: goal.schedule })
  ),
)
export type SimulatedGoals = typeof SimulatedGoals.Type

/** `count` equal hires: their zone (default UTC) and the goals of each. */
export const SimulatedHires = Schema.Struct({
  count: whole(1, 100_000),
  timezone: Schema.optionalKey(Timezone),
  goals: Schema.Array(SimulatedGoals).check(Schema.isMinLength(1), Schema.isMaxLength(100)),
})
export type SimulatedHires = typeof SimulatedHires.Type

/** What the engine can do. */
export const Capacity = Schema.Struct({
  /** How many runs are running at once. Default: STINT_MAX_RUNNING of this scheduler. */
  runs_at_once: Schema.optionalKey(whole(1, 1_000_000)),
  /** How long a run takes, in milliseconds. Default: the mean of the last hour's runs, 5 when there were none. */
  run_ms: Schema.optionalKey(whole(0, 3_600_000)),
  /** How many runs begin a second at most, up to 200 in one claim. Default 2,700: measured on two cores. */
  runs_per_second: Schema.optionalKey(whole(1, 1_000_000)),
})
export type Capacity = typeof Capacity.Type

/** What to simulate: the given `hires`, or with `source: "stored"` the goals that the scheduler has now. */
export const Simulate = Schema.Struct({
  /** Slots after this instant count. Default: now. */
  from: Schema.optionalKey(Instant),
  days: whole(1, 366),
  source: Schema.optionalKey(Schema.Literal("stored")),
  hires: Schema.optionalKey(Schema.Array(SimulatedHires).check(Schema.isMinLength(1), Schema.isMaxLength(1_000))),
  capacity: Schema.optionalKey(Capacity),
  /** Simulate a second time with this spread for every goal. */
  spread_seconds: Schema.optionalKey(whole(0, 86_400)),
}).check(
  Schema.makeFilter((body: { readonly source?: "stored"; readonly hires?: unknown }) =>
    (body.source === undefined) !== (body.hires === undefined) || 'must have either hires or source "stored"'
  ),
)
export type Simulate = typeof Simulate.Type

/** How many runs began in the `step_seconds` from `minute` on. */
export const CurvePoint = Schema.Struct({ minute: Instant, runs: Schema.Int })
export type CurvePoint = typeof CurvePoint.Type

/** The load of a simulation. */
export const SimulatedLoad = Schema.Struct({
  runs: Schema.Int,
  /** Slots that `overlap` skipped. */
  skipped: Schema.Int,
  /** The ten minutes in which the most runs began, the busiest first. */
  busiest: Schema.Array(CurvePoint),
  /** How many runs began in each step, the earliest first; a step without runs is left out. */
  curve: Schema.Array(CurvePoint),
  /** The length of a step: 60, or more when the curve would have over 1,440 points. */
  step_seconds: Schema.Int,
  /**
   * From when a run was due (its slot plus its spread) to when it began, in ms; null without a run. Rounded: above a minute
   * to seconds, above an hour to minutes, above a day to hours, above 100 days to days.
   */
  lateness_ms: Schema.NullOr(
    Schema.Struct({ p50: Schema.Finite, p95: Schema.Finite, p99: Schema.Finite, max: Schema.Finite }),
  ),
  peak_per_minute: Schema.Int,
  /** The most runs that waited at one instant. */
  peak_queue: Schema.Int,
})
export type SimulatedLoad = typeof SimulatedLoad.Type

/** The answer: what was simulated, its load, and its load under `spread_seconds` where that was given. */
export const Simulated = Schema.Struct({
  source: Schema.Literals(["given", "stored"]),
  from: Instant,
  to: Instant,
  hires: Schema.Int,
  /** Goals with a schedule: on_demand goals have no slots. */
  goals: Schema.Int,
  /** Slots after `from` up to and including `to`. */
  slots: Schema.Int,
  /** How many rules were evaluated: goals of one rule share it. */
  distinct_rules: Schema.Int,
  capacity: Schema.Struct({ runs_at_once: Schema.Int, run_ms: Schema.Int, runs_per_second: Schema.Int }),
  ...SimulatedLoad.fields,
  with_spread: Schema.optionalKey(Schema.Struct({ spread_seconds: Schema.Int, ...SimulatedLoad.fields })),
})
export type Simulated = typeof Simulated.Type

/** 400: the simulation exceeds `limit` of what `bound` names. */
export class SimulationTooLarge extends problem<SimulationTooLarge>()("SimulationTooLarge", {
  code: "simulation_too_large",
  status: 400,
  title: "The simulation is too large",
}, { bound: Schema.Literals(["goals", "slots", "seconds"]), limit: Schema.Int }) {}

/** The endpoint of the simulation. */
export class SimulationGroup extends HttpApiGroup.make("simulation")
  .annotate(OpenApi.Title, "Simulation")
  .annotate(OpenApi.Description, "The load of the coming days, in virtual time.")
  .add(
    HttpApiEndpoint.post("simulate", "/simulate", {
      payload: Simulate,
      success: Simulated,
      error: [InvalidRequest, SimulationTooLarge],
    }).annotate(Access, ["operator", "viewer"])
      .annotate(JudgedFirst, (body, bounds) => {
        const schedules = listOf(own(body, "hires")).reduce<number>(
          (sum, hire) => sum + listOf(own(hire, "goals")).length,
          0,
        )
        return over(schedules, "simulated_goals", bounds, "$.hires", "schedules in all: use count for equal ones")
      })
      .annotate(OpenApi.Summary, "Simulate the coming days")
      .annotate(
        OpenApi.Description,
        "Operators and viewers; it only reads. For given hires, or for the goals that the scheduler has now: how many " +
          "runs begin in each minute, how late, and with another spread. Slots and overlaps are decided by the " +
          "scheduler's own rules. It begins with no run running; pauses, limits, failures and manual runs are " +
          "left out. " +
          "400 simulation_too_large above 200,000 goals, 5,000,000 slots or 20 seconds of work.",
      ),
  )
  .prefix("/scheduler") {}
