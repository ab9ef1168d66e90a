/** What the days to come look like: a load curve in virtual time, and what a spread would change (api.md, scheduler). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { Frequency } from "../Definition.ts"
import { scheduleFaults } from "../Definition/ScheduleKeys.ts"
import { InvalidRequest, problem } from "../Problem.ts"
import { Instant } from "../Protocol.ts"
import { LocalTime, ScheduleSettings, Timezone } from "../Schedule.ts"

/** How many goals one simulation may hold. */
export const maxGoals = 200_000
/** How many slots one simulation may hold: goals times how often each falls due. */
export const maxSlots = 5_000_000
/** How long one simulation may take. */
export const maxSeconds = 20
/** How many points a curve has at most; its step grows until they do. */
export const maxPoints = 1_440

const whole = (minimum: number, maximum: number) =>
  Schema.Int.check(
    Schema.isBetween({ minimum, maximum }, { message: `must be a whole number, ${minimum} to ${maximum}` }),
  )

/** Goals of one schedule, which is held to what a goal of a hire is held to. `count` of them a hire, 1 unless it says. */
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

/** So many hires alike: their zone (UTC unless it says) and the goals of each. */
export const SimulatedHires = Schema.Struct({
  count: whole(1, 100_000),
  timezone: Schema.optionalKey(Timezone),
  goals: Schema.Array(SimulatedGoals).check(Schema.isMinLength(1), Schema.isMaxLength(100)),
})
export type SimulatedHires = typeof SimulatedHires.Type

/** What the engine can do at once. */
export const Capacity = Schema.Struct({
  /** How many runs are under way at once. Default: what this scheduler is set to. */
  runs_at_once: Schema.optionalKey(whole(1, 1_000_000)),
  /** How long a run takes, in milliseconds. Default: the mean of the last hour's runs, 5 when there were none. */
  run_ms: Schema.optionalKey(whole(0, 3_600_000)),
  /** How many runs are begun in a second at most, up to 200 in one claim. Default 2,700: the stack on two cores. */
  runs_per_second: Schema.optionalKey(whole(1, 1_000_000)),
})
export type Capacity = typeof Capacity.Type

/** What to simulate: made-up `hires`, or with `source: "stored"` the goals that the scheduler has now. */
export const Simulate = Schema.Struct({
  /** Slots after it count. Default: now. */
  from: Schema.optionalKey(Instant),
  days: whole(1, 366),
  source: Schema.optionalKey(Schema.Literal("stored")),
  hires: Schema.optionalKey(Schema.Array(SimulatedHires).check(Schema.isMinLength(1), Schema.isMaxLength(1_000))),
  capacity: Schema.optionalKey(Capacity),
  /** Answer also what would be if every goal had this spread. */
  spread_seconds: Schema.optionalKey(whole(0, 86_400)),
}).check(
  Schema.makeFilter((body: { readonly source?: "stored"; readonly hires?: unknown }) =>
    (body.source === undefined) !== (body.hires === undefined) || 'must have either hires or source "stored"'
  ),
)
export type Simulate = typeof Simulate.Type

/** So many runs began in a minute, or in the `step_seconds` from it on. */
export const CurvePoint = Schema.Struct({ minute: Instant, runs: Schema.Int })
export type CurvePoint = typeof CurvePoint.Type

/** What came of the slots. */
export const SimulatedLoad = Schema.Struct({
  runs: Schema.Int,
  /** Slots that `overlap` kept from running. */
  skipped: Schema.Int,
  /** The ten minutes in which the most runs began, the busiest first. */
  busiest: Schema.Array(CurvePoint),
  /** When runs began, oldest first; a step without any is left out. */
  curve: Schema.Array(CurvePoint),
  /** How long a step of the curve is: 60, and longer where it would have more than 1,440 points. */
  step_seconds: Schema.Int,
  /**
   * From when a run was due (its slot and its spread) to when it began; null without a run. Above a minute in whole
   * seconds, above an hour in minutes, above a day in hours, above 100 days in days.
   */
  lateness_ms: Schema.NullOr(
    Schema.Struct({ p50: Schema.Finite, p95: Schema.Finite, p99: Schema.Finite, max: Schema.Finite }),
  ),
  peak_per_minute: Schema.Int,
  /** The most runs that waited for a free place at one instant. */
  peak_queue: Schema.Int,
})
export type SimulatedLoad = typeof SimulatedLoad.Type

/** A simulation's answer: what it was of, what came of it as it is, and under the spread that was asked about. */
export const Simulated = Schema.Struct({
  source: Schema.Literals(["given", "stored"]),
  from: Instant,
  to: Instant,
  hires: Schema.Int,
  /** Those that a clock starts: on_demand goals have no slots. */
  goals: Schema.Int,
  /** Slots after `from` up to and including `to`. */
  slots: Schema.Int,
  /** Each was evaluated once, whatever the number of its goals. */
  distinct_rules: Schema.Int,
  capacity: Schema.Struct({ runs_at_once: Schema.Int, run_ms: Schema.Int, runs_per_second: Schema.Int }),
  ...SimulatedLoad.fields,
  with_spread: Schema.optionalKey(Schema.Struct({ spread_seconds: Schema.Int, ...SimulatedLoad.fields })),
})
export type Simulated = typeof Simulated.Type

/** 400: more than one simulation may hold; `bound` names what, `limit` how much of it. */
export class SimulationTooLarge extends problem<SimulationTooLarge>()("SimulationTooLarge", {
  code: "simulation_too_large",
  status: 400,
  title: "The simulation is too large",
}, { bound: Schema.Literals(["goals", "slots", "seconds"]), limit: Schema.Int }) {}

/** The endpoint of the simulation. */
export class SimulationGroup extends HttpApiGroup.make("simulation")
  .annotate(OpenApi.Title, "Simulation")
  .annotate(OpenApi.Description, "What the days to come look like, in virtual time.")
  .add(
    HttpApiEndpoint.post("simulate", "/simulate", {
      payload: Simulate,
      success: Simulated,
      error: [InvalidRequest, SimulationTooLarge],
    }).annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "Simulate the days to come")
      .annotate(
        OpenApi.Description,
        "Operators and viewers; it changes nothing. Of made-up hires, or of the goals that the scheduler has now: " +
          "how many runs begin in each minute, how late, and what a spread would change. Slots and overlaps are decided " +
          "by the scheduler's own rules. It begins with nothing under way; pauses, " +
          "limits, failures and runs by hand are left out. " +
          "400 simulation_too_large above 200,000 goals, 5,000,000 slots or 20 seconds of work.",
      ),
  )
  .prefix("/scheduler") {}
