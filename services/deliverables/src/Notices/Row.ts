/** The rows of notices: events, items that are due, and messages. */
import { NoticePurpose, NoticeState, ToldEvent } from "@stint/domain/deliverables/Notices"
import { ChannelKind, NoticeEvent } from "@stint/domain/deliverables/Reviewers"
import { CustomerId, NoticeId, Subject } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { JsonObject } from "@stint/domain/Protocol"
import { Schema } from "effect"
import { ReviewerRow, StoredChannel } from "../Reviewers/Row.ts"

/** An event whose messages were not planned yet. `now` is the database's clock, epoch milliseconds. */
export const EventRow = Schema.Struct({
  event_id: Schema.String,
  customer_id: CustomerId,
  event: NoticeEvent,
  details: JsonObject,
  now: Schema.Finite,
})
export type EventRow = typeof EventRow.Type

/** Whom to tell of an event, and when: to be stored. */
export const NewItem = Schema.Struct({
  event_id: Schema.String,
  customer_id: CustomerId,
  person: Subject,
  mode: Schema.Literals(["now", "digest", "escalated"]),
  due: Schema.Finite,
})
export type NewItem = typeof NewItem.Type

/** An item that is due, with its event, the person's settings and how its draft stands now. */
export const DueItem = Schema.Struct({
  item_id: Schema.String,
  event_id: Schema.String,
  mode: NewItem.fields.mode,
  held: Schema.Boolean,
  event: NoticeEvent,
  subject: Schema.String,
  details: JsonObject,
  at: InstantColumn,
  now: Schema.Finite,
  draft: Schema.NullOr(
    Schema.Struct({ customer_id: Schema.String, waits: Schema.Boolean, deleted: Schema.Boolean }),
  ),
  reviewer: Schema.Struct({
    customer_id: CustomerId,
    person: Subject,
    channels: Schema.Array(StoredChannel),
    digest_at: ReviewerRow.fields.digest_at,
    quiet_from: ReviewerRow.fields.quiet_from,
    quiet_to: ReviewerRow.fields.quiet_to,
    timezone: Schema.String,
    escalate_after: Schema.NullOr(Schema.Int),
    escalate_to: Schema.NullOr(Subject),
  }),
})
export type DueItem = typeof DueItem.Type

/** A message to store. */
export const NewNotice = Schema.Struct({
  notice_id: NoticeId,
  customer_id: CustomerId,
  person: Subject,
  channel_id: Schema.String,
  kind: ChannelKind,
  target: Schema.String,
  purpose: NoticePurpose,
  subject: Schema.String,
  events: Schema.Array(ToldEvent),
})
export type NewNotice = typeof NewNotice.Type

/** A message. */
export const NoticeRow = Schema.Struct({
  ...NewNotice.fields,
  state: NoticeState,
  tries: Schema.Int,
  last_error: Schema.NullOr(Schema.String),
  next_try_at: InstantColumn,
  created_at: InstantColumn,
  ended_at: Schema.NullOr(InstantColumn),
})
export type NoticeRow = typeof NoticeRow.Type

/** The claim of an attempt. */
export const NoticeClaim = Schema.Struct({ notice_id: NoticeId, fence: Schema.String })
export type NoticeClaim = typeof NoticeClaim.Type

/** A claimed message, with its person's settings of now. */
export const ClaimedNotice = Schema.Struct({
  ...NewNotice.fields,
  fence: Schema.String,
  /** Attempts, this one included. */
  tries: Schema.Int,
  created_at: InstantColumn,
  /** The database's clock, epoch milliseconds. */
  now: Schema.Finite,
  channels: Schema.Array(StoredChannel),
  timezone: Schema.String,
  digest_at: ReviewerRow.fields.digest_at,
  quiet_from: ReviewerRow.fields.quiet_from,
  quiet_to: ReviewerRow.fields.quiet_to,
  /** Whether a message to its channel was given up, and none arrived since. */
  dead: Schema.Boolean,
})
export type ClaimedNotice = typeof ClaimedNotice.Type
