/** Hiring, service to service: the change feed, the snapshot and the lookup (domain.md, "Rules: the whole"; design.md). */
import { DateTime, Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access, Callers } from "../Caller.ts"
import { Frequency } from "../Definition.ts"
import { Goal } from "./Goals.ts"
import {
  AgentTypeId,
  CustomerId,
  GoalInstanceId,
  HiredInstanceId,
  NamedVersion,
  Subject,
  SubscriptionId,
} from "../Ids.ts"
import { problem } from "../Problem.ts"
import { Instant, JsonObject, wholeNumber } from "../Protocol.ts"
import { SpanRef } from "../Trace.ts"
import { SubscriptionStatus } from "./SubscriptionStatus.ts"

/** The span of the write, where it has one: what follows from it is shown in its trace. */
const trace = Schema.optionalKey(SpanRef)

/** What the scheduler needs of a goal. `version` grows with every write, so that an old change is recognised. */
export const GoalChange = Schema.Struct({
  type: Schema.tag("goal"),
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  version: Schema.Int,
  /** When it was written. Slots after it count, also those that passed before the change was read. */
  changed_at: Instant,
  deleted: Schema.Boolean,
  enabled: Schema.Boolean,
  frequency: Frequency,
  /** `settings.schedule` as stored. */
  schedule: JsonObject,
  /** What `schedule.at` defaults to where another setting says so (close_position_reminder's window); else null. */
  default_at: Schema.NullOr(Schema.String.annotate({ examples: ["18:00"] })),
  trace,
})
export type GoalChange = typeof GoalChange.Type

/**
 * What the scheduler needs of a hire: its customer, its zone, and whether it can run, which hiring decides. Every write of a
 * hire is told, also of what is not in here (its config): `version` names what its drafts are to be made from.
 */
export const HireChange = Schema.Struct({
  type: Schema.tag("hire"),
  hired_instance_id: HiredInstanceId,
  customer_id: CustomerId,
  agent_id: AgentTypeId,
  subscription_id: SubscriptionId,
  version: Schema.Int,
  /** When it was written. */
  changed_at: Instant,
  timezone: Schema.String.annotate({ examples: ["Asia/Kolkata"] }),
  runnable: Schema.Boolean,
  /** Why it is not runnable, in words for its user; null when it is. */
  reason: Schema.NullOr(Schema.String),
  trace,
})
export type HireChange = typeof HireChange.Type

/** A subscription moved to another state. */
export const SubscriptionChange = Schema.Struct({
  type: Schema.tag("subscription"),
  subscription_id: SubscriptionId,
  customer_id: CustomerId,
  status: SubscriptionStatus,
  version: Schema.Int,
})
export type SubscriptionChange = typeof SubscriptionChange.Type

/** A person asked for a run. A change that is read twice makes one run, by its `request_id`. */
export const RunRequested = Schema.Struct({
  type: Schema.tag("run"),
  request_id: Schema.String.annotate({ examples: ["01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11"] }),
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  scheduled_time: Instant,
  requested_by: Subject,
  trace,
})
export type RunRequested = typeof RunRequested.Type

/** One entry of the feed. */
export const Change = Schema.Union([GoalChange, HireChange, SubscriptionChange, RunRequested])
export type Change = typeof Change.Type

/** Changes in order; `cursor` is where to go on, also when `items` is empty. */
export const FeedPage = Schema.Struct({ items: Schema.Array(Change), cursor: Schema.String })
export type FeedPage = typeof FeedPage.Type

/** Ids of hires and goals that there are, but that an answer does not have: `unread` ones can't be read by hiring. */
export const Unread = Schema.Struct({ hires: Schema.Array(Schema.String), goals: Schema.Array(Schema.String) })
export type Unread = typeof Unread.Type

/**
 * The present state for a reader without a cursor: hires, goals, and the requests to run that the feed still keeps, page by
 * page. After the last page, follow the feed from `feed_cursor`. A request that is read twice has one `request_id`.
 */
export const SnapshotPage = Schema.Struct({
  items: Schema.Array(Change),
  next: Schema.NullOr(Schema.String),
  feed_cursor: Schema.String,
  /** Hires and goals of this page that there are, but that hiring could not read: they stay as they were last received. */
  unread: Schema.optionalKey(Unread),
})
export type SnapshotPage = typeof SnapshotPage.Type

/** 410: the cursor is older than what the feed keeps (7 days): start again from the snapshot. */
export class FeedCursorGone extends problem<FeedCursorGone>()("FeedCursorGone", {
  code: "feed_cursor_gone",
  status: 410,
  title: "The cursor is older than what the feed keeps",
}) {}

/**
 * Names what a goal or a hire was at one of its versions. The instant of the write tells histories apart: a hiring that was
 * restored to an earlier moment gives the same versions again, with other content. A number is of epoch milliseconds.
 */
export const revisionOf = (version: number, written: DateTime.Utc | number): string =>
  `${version}@${typeof written === "number" ? written : DateTime.toEpochMillis(written)}`

/** A goal as a lookup has it. */
export const LookedUpGoal = Schema.Struct({
  ...Goal.json.fields,
  /** Its version at `updated_at`. Absent in answers of 0.2.0. */
  version: Schema.optionalKey(Schema.Int),
})
export type LookedUpGoal = typeof LookedUpGoal.Type

/** What deliverables needs of a hire to make, review and execute its drafts. */
export const LookedUpHire = Schema.Struct({
  hired_instance_id: HiredInstanceId,
  subscription_id: SubscriptionId,
  customer_id: CustomerId,
  agent_id: AgentTypeId,
  definition_version: NamedVersion,
  config: JsonObject,
  settings: JsonObject,
  runnable: Schema.Boolean,
  reason: Schema.NullOr(Schema.String),
  subscription_status: SubscriptionStatus,
  /** False once it is deactivated. Absent in answers of 0.2.0: then it is not known, and taken for active. */
  active: Schema.optionalKey(Schema.Boolean),
  /** Whether its subscription ended more than 30 days ago: people get 410. */
  gone: Schema.Boolean,
  /** Its version, and when that was written. Absent in answers of 0.2.0. */
  version: Schema.optionalKey(Schema.Int),
  changed_at: Schema.optionalKey(Instant),
})
export type LookedUpHire = typeof LookedUpHire.Type

/** Those of the goals and hires asked for that exist, and the hires of those goals. */
export const LookupAnswer = Schema.Struct({
  goals: Schema.Array(LookedUpGoal),
  hires: Schema.Array(LookedUpHire),
  unread: Schema.optionalKey(Unread),
  /** Where the request is `partial`: what there was no room for. */
  omitted: Schema.optionalKey(Unread),
})
export type LookupAnswer = typeof LookupAnswer.Type

const ids = <S extends Schema.Top>(id: S) => Schema.optionalKey(Schema.Array(id).check(Schema.isMaxLength(1000)))

/** Service-to-service endpoints of hiring. */
export class FeedGroup extends HttpApiGroup.make("feed")
  .annotate(OpenApi.Title, "Change feed")
  .annotate(OpenApi.Description, "Service to service: what changes in hiring.")
  .add(
    HttpApiEndpoint.get("changes", "/goal-changes", {
      query: {
        after: Schema.String,
        limit: Schema.optionalKey(wholeNumber(1, 1000)),
        /** How long to wait for a change when there is none, in milliseconds. */
        wait_ms: Schema.optionalKey(wholeNumber(0, 30000)),
      },
      success: FeedPage,
      error: FeedCursorGone,
    }).annotate(Access, ["service"]).annotate(Callers, ["deliverables", "scheduler"])
      .annotate(OpenApi.Summary, "Follow the changes")
      .annotate(
        OpenApi.Description,
        "Services only: the changes of hires, goals and subscriptions after a cursor, in order; waits up to " +
          "`wait_ms` for one when there is none. 410 feed_cursor_gone when the cursor is older than 7 days: " +
          "start again from the snapshot.",
      ),
    HttpApiEndpoint.get("snapshot", "/goal-changes/snapshot", {
      query: {
        next: Schema.optionalKey(Schema.String),
        limit: Schema.optionalKey(wholeNumber(1, 1000)),
      },
      success: SnapshotPage,
    }).annotate(Access, ["service"]).annotate(Callers, ["deliverables", "scheduler"])
      .annotate(OpenApi.Summary, "Read a snapshot")
      .annotate(
        OpenApi.Description,
        "Services only: the present state, page by page, for a reader without a cursor; then follow the feed " +
          "from `feed_cursor`.",
      ),
    HttpApiEndpoint.post("lookup", "/goals/lookup", {
      payload: Schema.Struct({
        goal_instance_ids: ids(GoalInstanceId),
        hired_instance_ids: ids(HiredInstanceId),
        /** The answer may end where it is large; the caller asks again for what is `omitted`. */
        partial: Schema.optionalKey(Schema.Boolean),
      }),
      success: LookupAnswer,
    }).annotate(Access, ["service"]).annotate(Callers, ["deliverables", "scheduler"])
      .annotate(OpenApi.Summary, "Look up goals and hires")
      .annotate(
        OpenApi.Description,
        "Services only: those of the ids that exist, and the hires of those goals. At most 1000 of each.",
      ),
  ) {}
