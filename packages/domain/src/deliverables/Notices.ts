/** Notices: the messages to people, and what became of each (domain.md, "Notifications"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Access, Callers, Needs } from "../Caller.ts"
import { CustomerId, GoalInstanceId, HiredInstanceId, NoticeId, Subject } from "../Ids.ts"
import { CustomerNotFound, InvalidRequest, problem, Unavailable } from "../Problem.ts"
import { IdempotencyHeader, Instant, JsonObject, listOf, pageQuery, text } from "../Protocol.ts"
import { readers } from "./Deliverables.ts"
import { ChannelKind, EmailNotConfigured, NoticeEvent, ReviewerNotFound } from "./Reviewers.ts"

/** waiting -> sent (its channel took it), failed (given up), or dropped (its channel was removed). */
export const NoticeState = Schema.Literals(["waiting", "sent", "failed", "dropped"])
export type NoticeState = typeof NoticeState.Type

/** Why a message was made: an event, the digest of a day, or a person's test. */
export const NoticePurpose = Schema.Literals(["event", "digest", "test"])
export type NoticePurpose = typeof NoticePurpose.Type

/** What a message tells. `subject` is the deliverable, mandate or goal; `from` the person that it was escalated from. */
export const ToldEvent = Schema.Struct({
  event: NoticeEvent,
  subject: Schema.String,
  at: Instant,
  escalated: Schema.Boolean,
  details: JsonObject,
})
export type ToldEvent = typeof ToldEvent.Type

/** A message. */
export const Notice = Schema.Struct({
  notice_id: NoticeId,
  customer_id: CustomerId,
  person: Subject,
  channel_id: Schema.String.annotate({ description: "One of the person's channels", examples: ["8f14e45fceea167a"] }),
  kind: ChannelKind,
  target: Schema.String.annotate({ description: "Where it goes; of an incoming webhook without its secret end" }),
  purpose: NoticePurpose,
  subject: Schema.String.annotate({ description: "Its first line", examples: ["A draft waits for you"] }),
  events: Schema.Array(ToldEvent),
  state: NoticeState,
  tries: Schema.Int,
  last_error: Schema.NullOr(Schema.String),
  next_try_at: Schema.NullOr(Instant),
  created_at: Instant,
  ended_at: Schema.NullOr(Instant),
}).annotate({ identifier: "Notice" })
export type Notice = typeof Notice.Type

/** 404: the caller has no such channel. */
export class ChannelNotFound extends problem<ChannelNotFound>()("ChannelNotFound", {
  code: "channel_not_found",
  status: 404,
  title: "There is no such channel of yours",
}) {}

/** A goal whose run was dead-lettered, as the scheduler tells it. */
export const DeadLetterTold = Schema.Struct({
  dlq_id: Schema.String.annotate({ examples: ["DLQ-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11"] }).check(
    Schema.isMaxLength(128),
  ),
  customer_id: CustomerId,
  goal_instance_id: GoalInstanceId,
  hired_instance_id: Schema.NullOr(HiredInstanceId),
  first_failed_at: Instant,
  failure_count: Schema.Int,
  error_type: text(200),
})
export type DeadLetterTold = typeof DeadLetterTold.Type

/** Endpoints of notices. */
export class NoticesGroup extends HttpApiGroup.make("notices")
  .annotate(OpenApi.Title, "Notices")
  .annotate(
    OpenApi.Description,
    "The messages to people of customers: what was sent, by which channel, and what failed.",
  )
  .add(
    HttpApiEndpoint.get("list", "/notices", {
      query: {
        customer_id: Schema.optionalKey(CustomerId),
        person: Schema.optionalKey(Subject),
        state: Schema.optionalKey(NoticeState),
        ...pageQuery,
      },
      success: listOf(Notice),
      error: [CustomerNotFound, InvalidRequest, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List messages")
      .annotate(
        OpenApi.Description,
        "Newest first, kept 90 days. A customer and its people list their own; operators and viewers those of `customer_id`, or " +
          "of all. A message is sent at least once: `notice_id` is its Message-ID and webhook-id on every attempt.",
      ),
    HttpApiEndpoint.post("test", "/notices/test", {
      headers: IdempotencyHeader,
      payload: Schema.Struct({
        channel_id: Schema.optionalKey(
          Schema.String.annotate({
            description: "One of your channels; all when it is left out",
            examples: ["8f14e45fceea167a"],
          }).check(Schema.isMaxLength(64)),
        ),
      }),
      success: Schema.Struct({ items: Schema.Array(Notice) }).pipe(HttpApiSchema.status(202)),
      error: [ReviewerNotFound, ChannelNotFound, EmailNotConfigured, InvalidRequest, Unavailable],
    }).annotate(Access, ["customer"]).annotate(Needs, "reader")
      .annotate(OpenApi.Summary, "Send a test message")
      .annotate(
        OpenApi.Description,
        "To the caller's own channels, at once, quiet hours or not. Each is tried once; GET /notices says what came of it.",
      ),
    HttpApiEndpoint.post("deadLetters", "/notices/dead-letters", {
      payload: Schema.Struct({ items: Schema.Array(DeadLetterTold).check(Schema.isBetweenLength(1, 200)) }),
      success: Schema.Struct({ taken: Schema.Int }),
      error: Unavailable,
    }).annotate(Access, ["service"]).annotate(Callers, ["scheduler"])
      .annotate(OpenApi.Summary, "Tell of dead letters")
      .annotate(
        OpenApi.Description,
        "Services only: goals whose runs were dead-lettered. Each is recorded once, by its `dlq_id` and `first_failed_at`.",
      ),
  ) {}
