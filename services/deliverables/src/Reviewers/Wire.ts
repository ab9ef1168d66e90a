/** A person's settings on the wire. */
import {
  type ChannelState,
  defaultChoices,
  type NoticeChoice,
  type NoticeEvent,
  noticeEvents,
  type Reviewer,
  type ShownChannel,
} from "@stint/domain/deliverables/Reviewers"
import { DateTime } from "effect"
import { shownTarget } from "./Policy.ts"
import type { ChannelStanding, ReviewerRow, ShownReviewerRow, StoredChannel } from "./Row.ts"

/** When a person is told of an event. */
export const choiceOf = ({ events }: Pick<ReviewerRow, "events">, event: NoticeEvent): NoticeChoice =>
  events[event] ?? defaultChoices[event]

const stateOf = (standing: ChannelStanding | undefined): ChannelState => {
  if (standing === undefined) return "unused"
  if (standing.dead_since !== null) return "dead"
  return standing.failures > 0 ? "failing" : "ok"
}

const instant = (millis: number | null | undefined) => millis == null ? null : DateTime.makeUnsafe(Math.floor(millis))

const channelOf = (channel: StoredChannel, standing: ChannelStanding | undefined): ShownChannel => {
  const shown = {
    channel_id: channel.channel_id,
    decides: channel.decides,
    state: stateOf(standing),
    last_error: standing?.failures ? standing.last_error : null,
    since: instant(standing?.dead_since ?? standing?.failing_since),
    sent_at: instant(standing?.sent_at),
  }
  switch (channel.kind) {
    case "email":
      return { kind: "email", address: channel.address, ...shown }
    case "webhook":
      return { kind: "webhook", url: channel.url, secret_ref: channel.secret_ref, ...shown }
    case "slack":
      return { kind: "slack", url: shownTarget(channel), ...shown }
  }
}

/** The settings, with every event's choice and how each channel stands. */
export const toReviewer = (row: ShownReviewerRow): Reviewer => ({
  customer_id: row.customer_id,
  person: row.person,
  channels: row.channels.map((channel) =>
    channelOf(channel, row.standing.find(({ channel_id }) => channel_id === channel.channel_id))
  ),
  events: Object.fromEntries(noticeEvents.map((event) => [event, choiceOf(row, event)])) as Record<
    NoticeEvent,
    NoticeChoice
  >,
  digest_at: row.digest_at,
  quiet_hours: row.quiet_from === null || row.quiet_to === null ? null : { from: row.quiet_from, to: row.quiet_to },
  timezone: row.timezone,
  escalation: row.escalate_after === null || row.escalate_to === null
    ? null
    : { after_seconds: row.escalate_after, to: row.escalate_to },
  updated_by: row.updated_by,
  updated_at: row.updated_at,
})
