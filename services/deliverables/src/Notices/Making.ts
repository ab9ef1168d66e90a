/** Pure but for new ids: whom to tell of events, and which messages what is due makes. */
import type { ToldEvent } from "@stint/domain/deliverables/Notices"
import { NoticeId } from "@stint/domain/Ids"
import type { Ids } from "@stint/edge/Ids"
import { Effect } from "effect"
import { shownTarget } from "../Reviewers/Policy.ts"
import { subjectOf } from "./Content.ts"
import { planOf, quietUntil, stillHolds } from "./Policy.ts"
import type { Made, Planning } from "./Repo/Plans.ts"
import type { DueItem, NewItem, NewNotice } from "./Row.ts"

/** Every person of the event's customer who wants to know, but for the one who did it; and to whom a draft goes that nobody decides on. */
export const planned: Planning = (events, reviewers) =>
  events.flatMap(({ customer_id, details, event, event_id, now }) =>
    reviewers.filter((reviewer) => reviewer.customer_id === customer_id).flatMap((reviewer): ReadonlyArray<NewItem> => {
      const { escalate_after, escalate_to, person } = reviewer
      const plan = details.by === person ? undefined : planOf(event, now, reviewer)
      const item = { event_id, customer_id }
      return [
        ...(plan === undefined ? [] : [{ ...item, person, ...plan }]),
        ...(event === "draft_waiting" && plan !== undefined && escalate_after !== null && escalate_to !== null
          ? [{ ...item, person: escalate_to, mode: "escalated" as const, due: now + escalate_after * 1_000 }]
          : []),
      ]
    })
  )

const told = ({ at, details, event, mode, subject }: DueItem): ToldEvent => ({
  event,
  subject,
  at,
  escalated: mode === "escalated",
  details,
})

/** Whether what is due is still to be told: of this customer's draft, and of one that waits where it asks for a decision. */
const holds = ({ draft, event, mode, reviewer }: DueItem): boolean =>
  (draft === null || draft.customer_id === reviewer.customer_id) && stillHolds(event, draft ?? undefined) &&
  (mode !== "escalated" || draft?.waits === true)

/** The items of each message: a digest, and what quiet hours held back, is one; anything else has one of its own. */
const grouped = (items: ReadonlyArray<DueItem>): ReadonlyArray<ReadonlyArray<DueItem>> => {
  const digest = items.filter(({ mode }) => mode === "digest")
  const held = items.filter((item) => item.mode !== "digest" && item.held)
  const single = items.filter((item) => item.mode !== "digest" && !item.held)
  return [digest, held, ...single.map((item) => [item])].filter((group) => group.length > 0)
}

/** The next person of an escalation that is told now. Nobody is told twice of one draft by escalation: its item is unique. */
const onwardOf = ({ event_id, mode, now, reviewer }: DueItem): ReadonlyArray<NewItem> => {
  const { customer_id, escalate_after, escalate_to } = reviewer
  return mode !== "escalated" || escalate_after === null || escalate_to === null
    ? []
    : [{ event_id, customer_id, person: escalate_to, mode, due: now + escalate_after * 1_000 }]
}

/** Makes messages of what is due: none in quiet hours, none of what is over. */
export const makeMade = (ids: Ids["Service"]): Made =>
  Effect.fnUntraced(function* (items) {
    const people = Map.groupBy(items, ({ reviewer }) => `${reviewer.customer_id}\n${reviewer.person}`)
    const notices: Array<NewNotice> = []
    const held: Array<{ item_id: string; until: number }> = []
    const onward: Array<NewItem> = []
    for (const all of people.values()) {
      const due = all.filter(holds)
      if (due.length === 0) continue
      const { channels, customer_id, person, ...hours } = due[0]!.reviewer
      const until = quietUntil(due[0]!.now, hours)
      if (until !== undefined) {
        held.push(...due.map(({ item_id }) => ({ item_id, until })))
        continue
      }
      onward.push(...due.flatMap(onwardOf))
      for (const group of grouped(due)) {
        const events = group.map(told)
        for (const channel of channels) {
          notices.push({
            notice_id: NoticeId.make(yield* ids.next("NTC")),
            customer_id,
            person,
            channel_id: channel.channel_id,
            kind: channel.kind,
            target: shownTarget(channel),
            purpose: group[0]!.mode === "digest" ? "digest" : "event",
            subject: subjectOf(events),
            events,
          })
        }
      }
    }
    return { notices, held, onward }
  })
