/** A row of `reviewers`, and of `reviewer_channels`. */
import { NoticeChoices } from "@stint/domain/deliverables/Reviewers"
import { LocalTime } from "@stint/domain/Formats"
import { CustomerId, Subject } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { Schema } from "effect"

const stored = { channel_id: Schema.String, decides: Schema.Boolean } as const

/** A channel as it is kept: with its id, and whether links that decide may go there. */
export const StoredChannel = Schema.Union([
  Schema.Struct({ kind: Schema.tag("email"), address: Schema.String, ...stored }),
  Schema.Struct({ kind: Schema.tag("webhook"), url: Schema.String, secret_ref: Schema.String, ...stored }),
  Schema.Struct({ kind: Schema.tag("slack"), url: Schema.String, ...stored }),
])
export type StoredChannel = typeof StoredChannel.Type

/** How a channel stands; instants in epoch milliseconds. */
export const ChannelStanding = Schema.Struct({
  channel_id: Schema.String,
  failures: Schema.Int,
  last_error: Schema.NullOr(Schema.String),
  failing_since: Schema.NullOr(Schema.Finite),
  dead_since: Schema.NullOr(Schema.Finite),
  sent_at: Schema.NullOr(Schema.Finite),
})
export type ChannelStanding = typeof ChannelStanding.Type

/** The settings of a person. */
export const ReviewerRow = Schema.Struct({
  customer_id: CustomerId,
  person: Subject,
  channels: Schema.Array(StoredChannel),
  events: NoticeChoices,
  digest_at: LocalTime,
  quiet_from: Schema.NullOr(LocalTime),
  quiet_to: Schema.NullOr(LocalTime),
  timezone: Schema.String,
  escalate_after: Schema.NullOr(Schema.Int),
  escalate_to: Schema.NullOr(Subject),
  updated_by: Subject,
  updated_at: InstantColumn,
})
export type ReviewerRow = typeof ReviewerRow.Type

/** The same with how each of its channels stands. */
export const ShownReviewerRow = Schema.Struct({ ...ReviewerRow.fields, standing: Schema.Array(ChannelStanding) })
export type ShownReviewerRow = typeof ShownReviewerRow.Type
