/** What the inbox shows: its list, filter and order, as they stand in the URL. */
import type { DeliverableCounts } from "@stint/domain/deliverables/Deliverables"
import type { CustomerId } from "@stint/domain/Ids"
import type { InboxFilter } from "../../api/Deliverables.ts"
import { defined, oneOf, textOf } from "../../format/Search.ts"

interface List {
  readonly label: string
  /** What of the counts stands beside its name. */
  readonly counted?: keyof DeliverableCounts
  readonly filter: Pick<InboxFilter, "review_status" | "execution_status" | "expiring">
}

/** The lists of the inbox. */
export const shows = {
  waiting: { label: "Waiting", counted: "pending_review", filter: { review_status: "pending_review" } },
  expiring: { label: "Expiring", counted: "expiring", filter: { expiring: "true" } },
  revision: { label: "In revision", counted: "in_revision", filter: { review_status: "in_revision" } },
  approved: {
    label: "To execute",
    counted: "approved_waiting",
    filter: { review_status: "approved", execution_status: "not_executed" },
  },
  failed: { label: "Failed deliveries", counted: "delivery_failed", filter: {} },
  expired: { label: "Expired", filter: { review_status: "expired" } },
  rejected: { label: "Rejected", filter: { review_status: "rejected" } },
  all: { label: "All", filter: {} },
} as const satisfies Record<string, List>

/** A list of the inbox. */
export type Show = keyof typeof shows

/** Their names, in their order. */
export const showNames = Object.keys(shows) as ReadonlyArray<Show>

/** A list. */
export const listOf = (show: Show): List => shows[show]

/** Whether drafts of a list wait for a decision. */
export const isDecided = (show: Show): boolean => show !== "waiting" && show !== "expiring"

const HOUR = 3_600_000

/** How old drafts are: from how many milliseconds on, and up to how many. */
export const ages = {
  hour: { label: "Of the last hour", most: HOUR },
  day: { label: "Of the last day", most: 24 * HOUR },
  week: { label: "Of the last 7 days", most: 168 * HOUR },
  day_on: { label: "Older than a day", least: 24 * HOUR },
  week_on: { label: "Older than 7 days", least: 168 * HOUR },
} as const satisfies Record<string, { readonly label: string; readonly least?: number; readonly most?: number }>

/** An age. */
export type Age = keyof typeof ages

/** Their names, in their order. */
export const ageNames = Object.keys(ages) as ReadonlyArray<Age>

/** The filter, as the URL has it. */
export interface InboxSearch {
  /** What waits without it. */
  readonly show?: Show
  /** A hire. */
  readonly agent?: string
  /** An agent type. */
  readonly type?: string
  readonly goal?: string
  readonly age?: Age
  /** The newest first without it. */
  readonly order?: "expiry"
  /** Drafts of one goal stand each by itself. */
  readonly flat?: true
}

/** The search of a URL: what is shown by default, and what nobody knows, is left out. */
export const searchOf = ({ age, agent, flat, goal, order, show, type }: Record<string, unknown>): InboxSearch =>
  defined({
    show: oneOf(showNames.filter((name) => name !== "waiting"), show),
    agent: textOf(agent),
    type: textOf(type),
    goal: textOf(goal),
    age: oneOf(ageNames, age),
    order: oneOf(["expiry"] as const, order),
    flat: flat === true ? true as const : undefined,
  })

/** What is asked for, at an instant in milliseconds. */
export const filterOf = (
  customer_id: CustomerId,
  { age, agent, goal, order, show = "waiting", type }: InboxSearch,
  now: number,
): InboxFilter => {
  const { least, most }: { readonly least?: number; readonly most?: number } = age === undefined ? {} : ages[age]
  return {
    customer_id,
    ...listOf(show).filter,
    hired_instance_id: agent,
    agent_id: type,
    goal_instance_id: goal,
    from: most === undefined ? undefined : new Date(now - most).toISOString(),
    to: least === undefined ? undefined : new Date(now - least).toISOString(),
    // only of what waits it is known what expires first
    order: isDecided(show) ? undefined : order,
  }
}
