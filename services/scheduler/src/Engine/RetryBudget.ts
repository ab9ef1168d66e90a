/** Pure: how many retries may start, so that what failed does not crowd out what is due (Schedules.ts has the figures). */
import { RETRIES_FULL_SECONDS, RETRY_SHARE } from "@stint/edge/Schedules"

/** What is left, when it was last refilled (epoch milliseconds), and how many runs had completed by then. */
export interface RetryBudget {
  readonly tokens: number
  readonly filled_at: number
  readonly completed_seen: number
}

/** The budget now: it gains by time and by a share of what completed meanwhile, up to what it holds at most. */
export const refilled = (
  { completed_seen, filled_at, tokens }: RetryBudget,
  { completed, now, perSecond }: { readonly completed: number; readonly now: number; readonly perSecond: number },
): RetryBudget => ({
  tokens: Math.min(
    perSecond * RETRIES_FULL_SECONDS,
    tokens + Math.max(now - filled_at, 0) / 1000 * perSecond + Math.max(completed - completed_seen, 0) * RETRY_SHARE,
  ),
  filled_at: Math.max(now, filled_at),
  completed_seen: completed,
})
