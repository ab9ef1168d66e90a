/** What the inbox shows: its filter, as it stands in the URL. */
import type { ReviewStatus } from "@stint/domain/deliverables/Deliverables"

/** The lists of the inbox. */
export const shows = {
  waiting: { label: "Waiting", status: "pending_review" },
  approved: { label: "Approved", status: "approved" },
  rejected: { label: "Rejected", status: "rejected" },
  all: { label: "All", status: undefined },
  failed: { label: "Failed deliveries", status: undefined },
} as const satisfies Record<string, { readonly label: string; readonly status: ReviewStatus | undefined }>

/** A list of the inbox. */
export type Show = keyof typeof shows

/** Whether a text names a list. */
export const isShow = (text: unknown): text is Show => typeof text === "string" && Object.hasOwn(shows, text)

/** The filter. */
export interface InboxSearch {
  readonly show?: Show
  /** A hire. */
  readonly agent?: string
}
