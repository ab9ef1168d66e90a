/** Pure: what messages say, in plain words. What people and makers wrote in a draft is data: one short line, in quotes. */
import type { ToldEvent } from "@stint/domain/deliverables/Notices"
import type { NoticeEvent } from "@stint/domain/deliverables/Reviewers"
import { DateTime } from "effect"
import { asksFor } from "./Policy.ts"

/** The most events that a text names; a digest may have more. */
export const MOST_NAMED = 50

/** What happened, as one sentence without its title. */
const sentences: Readonly<Record<NoticeEvent, string>> = {
  draft_waiting: "A draft waits for your decision",
  changes_made: "The draft was changed and waits for your decision",
  expires_soon: "A draft expires within the hour, and nobody has decided on it",
  expired: "A draft expired before anybody decided on it",
  executed: "An approved draft was delivered",
  delivery_failed: "An approved draft could not be delivered",
  mandate_used_up: "A mandate has approved as many drafts as it may for now",
  mandate_ended: "A mandate has ended",
  goal_dead_lettered: "A goal's run failed for good",
}

/** A text of others in one line: no control characters, nothing that turns the direction of the text, at most so long. */
export const quoted = (text: unknown, most = 120): string => {
  const one = String(text ?? "").replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim()
  const chars = [...one]
  return `“${chars.length > most ? `${chars.slice(0, most - 1).join("")}…` : one}”`
}

/** One event in one line. */
export const lineOf = ({ details, escalated, event, subject }: ToldEvent): string => {
  const title = details.title === undefined ? ` (${quoted(subject)})` : `: ${quoted(details.title)}`
  const why = typeof details.error === "string" && details.error !== "" ? ` Reason: ${quoted(details.error, 200)}.` : ""
  const until = asksFor(event) && typeof details.expires_at === "string"
    ? ` It can be decided on until ${quoted(details.expires_at, 40)}.`
    : ""
  return `${escalated ? "Nobody has decided yet. " : ""}${sentences[event]}${title}.${until}${why}`
}

/** The first line of a message: one event, or how many. No text of others is in it but the draft's title. */
export const subjectOf = (events: ReadonlyArray<ToldEvent>): string => {
  const [first] = events
  if (first === undefined) return "Stint: a test message"
  if (events.length > 1) return `Stint: ${events.length} things to know`
  const title = first.details.title === undefined ? "" : `: ${quoted(first.details.title, 80)}`
  return `${first.escalated ? "Escalated: " : ""}${sentences[first.event]}${title}`
}

/** Where a draft is decided on. */
export type LinkOf = (event: ToldEvent) => string | undefined

/** The text of a message. */
export const textOf = (events: ReadonlyArray<ToldEvent>, linkOf: LinkOf): string => {
  if (events.length === 0) return "This is a test message of Stint. This channel works."
  const named = events.slice(0, MOST_NAMED).map((event) => {
    const link = linkOf(event)
    return [lineOf(event), ...(link === undefined ? [] : [link])].join("\n")
  })
  const more = events.length - named.length
  return [...named, ...(more > 0 ? [`And ${more} more.`] : [])].join("\n\n")
}

/** Text as Slack reads it: these three characters alone begin its markup. */
export const slackEscaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/** The body of an incoming webhook. Nothing in it is markup, mentions anybody or is unfolded. */
export const slackBody = (subject: string, text: string): string =>
  JSON.stringify({
    text: slackEscaped(text === subject ? text : `${subject}\n\n${text}`),
    mrkdwn: false,
    parse: "none",
    link_names: 0,
    unfurl_links: false,
    unfurl_media: false,
  })

/** What the body of a signed webhook holds. */
export interface Told {
  readonly notice_id: string
  readonly customer_id: string
  readonly person: string
  readonly purpose: string
  readonly created_at: DateTime.Utc
  readonly subject: string
  readonly events: ReadonlyArray<ToldEvent>
}

/** The body of a signed webhook (Standard Webhooks). */
export const webhookBody = (notice: Told, linkOf: LinkOf): string =>
  JSON.stringify({
    type: "stint.notice",
    timestamp: DateTime.formatIso(notice.created_at),
    data: {
      notice_id: notice.notice_id,
      customer_id: notice.customer_id,
      person: notice.person,
      purpose: notice.purpose,
      subject: notice.subject,
      events: notice.events.map((event) => ({
        event: event.event,
        subject: event.subject,
        at: DateTime.formatIso(event.at),
        escalated: event.escalated,
        details: event.details,
        link: linkOf(event) ?? null,
      })),
    },
  })
