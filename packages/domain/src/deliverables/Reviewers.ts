/** Reviewers: the people of a customer who are told of what happens, by which channels, of what and when (domain.md, "Notifications"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access, Needs } from "../Caller.ts"
import { Email, MailAddress } from "../Contact.ts"
import { isTimezone, LocalTime } from "../Formats.ts"
import { CustomerId, Subject } from "../Ids.ts"
import { CustomerNotFound, DutyMissing, InvalidRequest, problem, Unavailable } from "../Problem.ts"
import { Instant, listOf, pageQuery } from "../Protocol.ts"
import { readers } from "./Deliverables.ts"

/** What people are told of. */
export const noticeEvents = [
  "draft_waiting",
  "changes_made",
  "expires_soon",
  "expired",
  "executed",
  "delivery_failed",
  "mandate_used_up",
  "mandate_ended",
  "goal_dead_lettered",
] as const

/** An event, by name. */
export const NoticeEvent = Schema.Literals(noticeEvents)
export type NoticeEvent = typeof NoticeEvent.Type

/** When a person is told of an event: at once, in the digest of the day, or not. */
export const NoticeChoice = Schema.Literals(["now", "digest", "off"])
export type NoticeChoice = typeof NoticeChoice.Type

/** What holds for the events that settings leave out: at once what waits for a person, in the digest what is only to know. */
export const defaultChoices: Readonly<Record<NoticeEvent, NoticeChoice>> = {
  draft_waiting: "now",
  changes_made: "now",
  expires_soon: "now",
  expired: "digest",
  executed: "off",
  delivery_failed: "now",
  mandate_used_up: "digest",
  mandate_ended: "digest",
  goal_dead_lettered: "now",
}

/** How a message gets to a person. */
export const ChannelKind = Schema.Literals(["email", "webhook", "slack"])
export type ChannelKind = typeof ChannelKind.Type

/** The most channels of a person. */
export const MOST_CHANNELS = 5

const url = (description: string, example: string) =>
  Schema.String.check(Schema.isMaxLength(2048, { message: "must have at most 2048 characters" }))
    .annotate({ description, examples: [example] })

const secret_ref = Schema.String.check(
  Schema.isPattern(/\S/, { message: "must not be blank" }),
  Schema.isMaxLength(200, { message: "must have at most 200 characters" }),
).annotate({ description: "The name of the secret that it is signed with", examples: ["reviews"] })

const channelFields = {
  email: { kind: Schema.tag("email"), address: MailAddress },
  webhook: {
    kind: Schema.tag("webhook"),
    url: url("Its host must be allowed (STINT_WEBHOOK_HOSTS)", "https://hooks.example.com/reviews"),
    secret_ref,
  },
  slack: {
    kind: Schema.tag("slack"),
    url: url(
      "An incoming webhook. It is a secret: it is shown without its end, and that form keeps the one that is stored",
      "https://hooks.slack.com/services/T000/B000/XXXX",
    ),
  },
} as const

/** A channel, as it is asked for. */
export const Channel = Schema.Union([
  Schema.Struct(channelFields.email),
  Schema.Struct(channelFields.webhook),
  Schema.Struct(channelFields.slack),
])
export type Channel = typeof Channel.Type

/** How a channel stands: unused until a message went; dead once one was given up, until one arrives again. */
export const ChannelState = Schema.Literals(["unused", "ok", "failing", "dead"])
export type ChannelState = typeof ChannelState.Type

const standing = {
  channel_id: Schema.String.annotate({ description: "The channel, in notices", examples: ["8f14e45fceea167a"] }),
  state: ChannelState,
  last_error: Schema.NullOr(Schema.String),
  /** Since when attempts fail, or it is dead; null while it works. */
  since: Schema.NullOr(Instant),
  /** When it took a message last. */
  sent_at: Schema.NullOr(Instant),
  decides: Schema.Boolean.annotate({
    description:
      "Whether links that decide go there: only where the person set the channel itself, with the duty reviewer",
  }),
} as const

/** A channel, as it is shown. */
export const ShownChannel = Schema.Union([
  // one that was set before addresses were held to what they now are is still shown
  Schema.Struct({ ...channelFields.email, address: Email, ...standing }),
  Schema.Struct({ ...channelFields.webhook, ...standing }),
  Schema.Struct({ ...channelFields.slack, ...standing }),
])
export type ShownChannel = typeof ShownChannel.Type

const choice = Schema.optionalKey(NoticeChoice)

/** The choices, each left out or given. */
export const NoticeChoices = Schema.Struct({
  draft_waiting: choice,
  changes_made: choice,
  expires_soon: choice,
  expired: choice,
  executed: choice,
  delivery_failed: choice,
  mandate_used_up: choice,
  mandate_ended: choice,
  goal_dead_lettered: choice,
}).annotate({ messageUnexpectedKey: `no such event; known events: ${noticeEvents.join(", ")}` })

/** Hours in which nothing is sent, local time; over midnight where `from` is later than `to`. */
export const QuietHours = Schema.Struct({ from: LocalTime, to: LocalTime }).check(
  Schema.makeFilter(({ from, to }) => from !== to || { path: ["to"], issue: "must differ from `from`" }),
)
export type QuietHours = typeof QuietHours.Type

/** To whom a draft goes that nobody decided on in time. */
export const Escalation = Schema.Struct({
  after_seconds: Schema.Int.check(
    Schema.isBetween({ minimum: 60, maximum: 604_800 }, { message: "must be a whole number, 60 to 604800" }),
  ),
  to: Subject,
})
export type Escalation = typeof Escalation.Type

const Zone = Schema.String.annotate({ examples: ["Asia/Kolkata"] }).check(
  Schema.isMaxLength(64),
  Schema.makeFilter((zone: string) => isTimezone(zone) || "must be the name of a time zone, as Asia/Kolkata"),
)

/** The settings of a person, as they are asked for. */
export const ReviewerSettings = Schema.Struct({
  channels: Schema.Array(Channel).check(
    Schema.isMaxLength(MOST_CHANNELS, { message: `must have at most ${MOST_CHANNELS} channels` }),
  ),
  events: Schema.optionalKey(NoticeChoices),
  digest_at: Schema.optionalKey(LocalTime.annotate({ description: "When the digest is sent; 08:00 when left out" })),
  quiet_hours: Schema.optionalKey(Schema.NullOr(QuietHours)),
  timezone: Zone,
  escalation: Schema.optionalKey(Schema.NullOr(Escalation)),
}).annotate({ identifier: "ReviewerSettings" })
export type ReviewerSettings = typeof ReviewerSettings.Type

/** When a digest is sent unless settings say. */
export const DIGEST_AT = "08:00"

/** A person who is told of what happens. */
export const Reviewer = Schema.Struct({
  customer_id: CustomerId,
  person: Subject,
  channels: Schema.Array(ShownChannel),
  events: Schema.Record(NoticeEvent, NoticeChoice),
  digest_at: LocalTime,
  quiet_hours: Schema.NullOr(QuietHours),
  timezone: Schema.String.annotate({ examples: ["Asia/Kolkata"] }),
  escalation: Schema.NullOr(Escalation),
  updated_by: Subject,
  updated_at: Instant,
}).annotate({ identifier: "Reviewer" })
export type Reviewer = typeof Reviewer.Type

/** 404, also of another customer. */
export class ReviewerNotFound extends problem<ReviewerNotFound>()("ReviewerNotFound", {
  code: "reviewer_not_found",
  status: 404,
  title: "There are no settings of such a person",
}) {}

/** 409: this installation sends no e-mail. */
export class EmailNotConfigured extends problem<EmailNotConfigured>()("EmailNotConfigured", {
  code: "email_not_configured",
  status: 409,
  title: "This installation sends no e-mail",
}) {}

const params = { person: Subject }
const query = { customer_id: Schema.optionalKey(CustomerId) }

/** Endpoints of the settings of people. */
export class ReviewersGroup extends HttpApiGroup.make("reviewers")
  .annotate(OpenApi.Title, "Reviewers")
  .annotate(OpenApi.Description, "The people of a customer who are told of what happens, and how.")
  .add(
    HttpApiEndpoint.get("list", "/reviewers", {
      query: { ...query, ...pageQuery },
      success: listOf(Reviewer),
      error: [CustomerNotFound, InvalidRequest, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List who is told")
      .annotate(
        OpenApi.Description,
        "By name. A customer and its people list their own; operators and viewers those of `customer_id`. Each channel " +
          "says how it stands: one that is dead gets one attempt of each message, until one arrives.",
      ),
    HttpApiEndpoint.get("get", "/reviewers/:person", {
      params,
      query,
      success: Reviewer,
      error: [CustomerNotFound, ReviewerNotFound, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "Get a person's settings")
      .annotate(
        OpenApi.Description,
        "For the customer, its people, operators and viewers. A customer without people is the person of its own name.",
      ),
    HttpApiEndpoint.put("put", "/reviewers/:person", {
      params,
      query,
      payload: ReviewerSettings,
      success: Reviewer,
      error: [CustomerNotFound, DutyMissing, EmailNotConfigured, InvalidRequest, Unavailable],
      // its own settings are any person's to set; of another's the rule asks for the duty editor
    }).annotate(Access, ["customer"]).annotate(Needs, "reader")
      .annotate(OpenApi.Summary, "Set how a person is told")
      .annotate(
        OpenApi.Description,
        "A person its own settings; the customer itself, or a person with the duty editor, anyone's of the customer. They " +
          "replace what was there. Links that decide go only to channels which the person itself set, with the duty " +
          "reviewer. `escalation.to` is a person that has settings. Without SMTP e-mail is 409 email_not_configured.",
      ),
  ) {}
