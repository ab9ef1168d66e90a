/** Pure: when a person is told of an event, by the clock of the person's zone. Instants are epoch milliseconds. */
import type { NoticeEvent } from "@stint/domain/deliverables/Reviewers"
import { DateTime, Option } from "effect"
import type { ReviewerRow } from "../Reviewers/Row.ts"
import { choiceOf } from "../Reviewers/Wire.ts"

const MINUTE = 60_000
const DAY = 86_400_000

/** Quiet hours begin this much earlier, so that what was begun before has arrived: longer than an attempt may take. */
export const LEAD = 30_000

/** What is known of a person's hours. */
export type Hours = Pick<ReviewerRow, "timezone" | "digest_at" | "quiet_from" | "quiet_to">

/** Minutes of HH:MM. */
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

/** How far the zone is ahead of UTC at an instant, in milliseconds; a zone that the runtime no longer knows is UTC. */
const offsetAt = (at: number, zone: string): number =>
  Option.match(DateTime.makeZoned(at, { timeZone: zone }), { onNone: () => 0, onSome: DateTime.zonedOffset })

/**
 * The first instant after `now` at which the zone's clock shows that time. A time that is skipped counts when the clock
 * passes it; one that comes twice counts at the first.
 */
export const nextAt = (now: number, time: string, zone: string): number => {
  const before = offsetAt(now, zone)
  const local = now + before
  const today = Math.floor(local / DAY) * DAY + minutesOf(time) * MINUTE
  for (const wall of [today, today + DAY, today + 2 * DAY]) {
    const guess = wall - before
    const there = offsetAt(guess, zone)
    const settled = wall - there
    // in a gap neither offset gives that time: the earlier offset's instant is the gap's length later
    const at = there === before || offsetAt(settled, zone) !== there ? guess : settled
    if (at > now) return at
  }
  return now + DAY
}

/** Until when nothing may be sent to the person; undefined when it may be now. */
export const quietUntil = (now: number, { quiet_from, quiet_to, timezone }: Hours): number | undefined => {
  if (quiet_from === null || quiet_to === null) return undefined
  const clock = (at: number) => (((at + offsetAt(at, timezone)) % DAY) + DAY) % DAY
  const [from, to] = [minutesOf(quiet_from) * MINUTE, minutesOf(quiet_to) * MINUTE]
  const within = (at: number) => from < to ? clock(at) >= from && clock(at) < to : clock(at) >= from || clock(at) < to
  // a margin at the end would only be late
  if (!within(now) && !within(now + LEAD)) return undefined
  return nextAt(within(now) ? now : now + LEAD, quiet_to, timezone)
}

/** How an event is told to a person: in which way, and when its message is due, quiet hours aside; undefined: not at all. */
export const planOf = (
  event: NoticeEvent,
  now: number,
  reviewer: Hours & Pick<ReviewerRow, "events">,
): { readonly mode: "now" | "digest"; readonly due: number } | undefined => {
  const choice = choiceOf(reviewer, event)
  if (choice === "off") return undefined
  return { mode: choice, due: choice === "now" ? now : nextAt(now, reviewer.digest_at, reviewer.timezone) }
}

/** How a draft stands when its message is made. */
export interface DraftNow {
  readonly customer_id: string
  /** Whether it can be decided on. */
  readonly waits: boolean
  readonly deleted: boolean
}

/** Events that ask a person for a decision: once that is made there is nothing to tell. */
const asks = new Set<NoticeEvent>(["draft_waiting", "changes_made", "expires_soon"])

/** Whether an event asks for a decision on a draft, so that a link to it belongs into the message. */
export const asksFor = (event: NoticeEvent): boolean => asks.has(event)

/** Whether there is still something to tell. `draft` is undefined for events that are of no draft. */
export const stillHolds = (event: NoticeEvent, draft: DraftNow | undefined): boolean =>
  draft === undefined || (!draft.deleted && (draft.waits || !asks.has(event)))
