/** Answers for people: when does this goal fire next, and why did it run, or not, at that instant? */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access, Needs } from "../Caller.ts"
import { DeadLetterState } from "./DeadLetters.ts"
import { Scope } from "./Pauses.ts"
import { Frequency } from "../Definition.ts"
import { documentFaults, own } from "../Documents.ts"
import { GoalNotFound } from "../hiring/Goals.ts"
import { DlqId, GoalInstanceId } from "../Ids.ts"
import { InvalidRequest } from "../Problem.ts"
import { IdempotencyHeader, Instant, JsonObject, JudgedFirst, wholeNumber } from "../Protocol.ts"
import { DropCode, MissedCode, ReasonCode } from "./ReasonCodes.ts"
import { Run } from "./Runs.ts"
import { LocalTime } from "../Formats.ts"
import { Rule, Timezone } from "../Schedule.ts"

/** One time that a rule fires. */
export const Fire = Schema.Struct({
  /** The slot: the nominal instant, which names the run. */
  scheduled_time: Instant,
  /** When it starts: the slot plus the goal's spread. */
  starts_at: Instant,
  local: Schema.String.annotate({
    description: "The slot on the wall clock of the rule's zone, with its offset",
    examples: ["2026-03-29T03:30:00+02:00"],
  }),
  note: Schema.optionalKey(Schema.String.annotate({
    description: "How a clock change affects it",
    examples: [
      "02:30 does not exist on this day in Europe/Berlin: clocks go forward from 02:00 to 03:00, so it moves to 03:30",
    ],
  })),
})
export type Fire = typeof Fire.Type

const preview = {
  /** The rule with every default filled in. Null when it can't be evaluated here; `reason` says why. */
  rule: Schema.NullOr(Rule),
  rule_in_words: Schema.String.annotate({ examples: ["every Monday at 09:00 Europe/Berlin"] }),
  timezone: Schema.String.annotate({ examples: ["Europe/Berlin"] }),
  spread_seconds: Schema.Int,
  /** Whether it will run without anyone asking, as things stand. */
  will_run: Schema.Boolean,
  /** Why it will not run; null when it will. */
  reason: Schema.NullOr(Schema.String),
  /** The next fires of the rule, the earliest first; also when `will_run` is false. */
  items: Schema.Array(Fire),
}

/** The next fires of a rule that is not saved. */
export const RulePreview = Schema.Struct(preview)
export type RulePreview = typeof RulePreview.Type

/** The next fires of a stored goal. */
export const GoalPreview = Schema.Struct({ goal_instance_id: GoalInstanceId, ...preview })
export type GoalPreview = typeof GoalPreview.Type

/** A rule that is not saved; `schedule` is validated as a goal's is. */
export const RuleDraft = Schema.Struct({
  frequency: Frequency,
  schedule: Schema.optionalKey(
    JsonObject.annotate({
      description: "`settings.schedule` of a goal: at, weekday, day_of_month, cron, timezone, missed, overlap, " +
        "spread_seconds",
    }),
  ),
  /** The zone of the hire, unless `schedule` names one. Default UTC. */
  timezone: Schema.optionalKey(Timezone),
  /** The default of `schedule.at`. Default 09:00. */
  default_at: Schema.optionalKey(LocalTime),
  from: Schema.optionalKey(Instant),
  count: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))),
})
export type RuleDraft = typeof RuleDraft.Type

/**
 * Whether a goal ran at an instant, in one word. `ran`, `running`, `retrying`, `waiting` (for another run, a resume, room
 * under a limit, or a replica), `skipped` (overlap, or missed and not caught up), `missed` (noticed over 24 h late),
 * `cancelled`, `dead_lettered`, `paused` (fell due in a pause and is not decided yet), `will_run`, `will_not_run`,
 * `not_due` (no slot then), `not_known` (before the goal was known here, or older than what is kept).
 */
export const Verdict = Schema.Literals([
  "ran",
  "running",
  "retrying",
  "waiting",
  "skipped",
  "missed",
  "cancelled",
  "dead_lettered",
  "paused",
  "will_run",
  "will_not_run",
  "not_due",
  "not_known",
])
export type Verdict = typeof Verdict.Type

const operator = Schema.String.annotate({
  description: "Who; a customer reads `an operator`",
  examples: ["ops.asha"],
})

/** A pause during which the slot could have started. */
export const TouchingPause = Schema.Struct({
  /** Null: the whole scheduler. */
  scope: Schema.NullOr(Scope),
  paused_at: Instant,
  paused_by: operator,
  reason: Schema.NullOr(Schema.String),
  /** Null while it lasts. */
  resumed_at: Schema.NullOr(Instant),
  resumed_by: Schema.NullOr(operator),
})
export type TouchingPause = typeof TouchingPause.Type

/** The answer to "why did it run, or not". */
export const Explanation = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  /** The instant that was asked about. */
  at: Instant,
  verdict: Verdict,
  /** Why it was skipped, missed, cancelled, dropped or dead-lettered; null for all else. */
  reason_code: Schema.NullOr(Schema.Union([ReasonCode, MissedCode, DropCode])),
  sentence: Schema.String.annotate({
    description: "The answer in one sentence; times are of the goal's zone",
    examples: [
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin ran, from 09:00:00.412 to 09:00:00.530.",
    ],
  }),
  /** The reasons for the verdict, in the order in which they happened or matter. */
  because: Schema.Array(Schema.String),
  /** The slot that the answer is about; null when there is none at that instant. */
  slot: Schema.NullOr(Instant),
  /** When that slot should have started, or will start. */
  starts_at: Schema.NullOr(Instant),
  run: Schema.NullOr(Run),
  dead_letter: Schema.NullOr(
    Schema.Struct({ dlq_id: DlqId, error: Schema.NullOr(Schema.String), state: DeadLetterState }),
  ),
  missed: Schema.NullOr(Schema.Struct({ from: Instant, to: Instant, reason: Schema.String })),
  pauses: Schema.Array(TouchingPause),
  /** The slot before `slot` (without one: before `at`), by the rule that held then. */
  previous_slot: Schema.NullOr(Instant),
  next_slot: Schema.NullOr(Instant),
})
export type Explanation = typeof Explanation.Type

const readers = ["customer", "operator", "viewer"] as const
const params = { id: GoalInstanceId }

/** Endpoints of answers. */
export class AnswersGroup extends HttpApiGroup.make("answers")
  .annotate(OpenApi.Title, "Answers")
  .annotate(OpenApi.Description, "When a goal fires next, and why it ran, or did not run, at an instant.")
  .add(
    HttpApiEndpoint.get("preview", "/goals/:id/preview", {
      params,
      query: { count: Schema.optionalKey(wholeNumber(1, 100)), from: Schema.optionalKey(Instant) },
      success: GoalPreview,
      error: GoalNotFound,
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "Preview a goal's next fires")
      .annotate(
        OpenApi.Description,
        "Its customer, operators and viewers: the next `count` (default 10) fires that start at `from` (default " +
          "now) or later, and whether it will run as things stand; if not, why. It only reads.",
      ),
    HttpApiEndpoint.post("previewRule", "/preview", {
      headers: IdempotencyHeader,
      payload: RuleDraft,
      success: RulePreview,
      error: InvalidRequest,
    }).annotate(Access, readers).annotate(Needs, "reader")
      .annotate(JudgedFirst, (body, bounds) => documentFaults(own(body, "schedule"), "$.schedule", bounds))
      .annotate(OpenApi.Summary, "Preview a rule")
      .annotate(
        OpenApi.Description,
        "Customers, operators and viewers: the fires of a rule before it is saved, validated as a goal's " +
          "`settings.schedule` is. `starts_at` is the earliest start: the spread of the saved goal adds less than " +
          "`spread_seconds`. It only reads.",
      ),
    HttpApiEndpoint.get("explain", "/goals/:id/explain", {
      params,
      query: { at: Schema.optionalKey(Instant) },
      success: Explanation,
      error: GoalNotFound,
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "Explain why a goal ran or did not")
      .annotate(
        OpenApi.Description,
        "Its customer, operators and viewers: why the goal did, will or did not run at `at` (default now), from " +
          "what was recorded when it was decided. `at` need not be a slot: the answer is about the slot of that " +
          "millisecond, else of that minute, else about one whose spread starts it in that minute. A deleted goal " +
          "is explained while its records are kept. A customer is not shown operators' names.",
      ),
  )
  .prefix("/scheduler") {}
