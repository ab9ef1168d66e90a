/** How a hire stands, in words. */
import type { Hire } from "@stint/domain/hiring/Hires"
import type { Subscription } from "@stint/domain/hiring/Subscriptions"
import { lengthOf, millisOf } from "../../format/Time.ts"
import { counted } from "../../format/Words.ts"
import type { Kind } from "../../ui/Tag.tsx"

interface State {
  readonly kind: Kind
  readonly words: string
}

/** Whether its goals may run, pauses aside. */
export const isAtWork = ({ active, finalized_at, subscription_status }: Hire): boolean =>
  active && finalized_at !== null && subscription_status === "active"

/** Whether the hire works, or what keeps it from it. */
export const stateOf = (hire: Hire): State => {
  if (!hire.active) return { kind: "plain", words: "deactivated" }
  if (hire.subscription_status === "canceled") return { kind: "plain", words: "subscription canceled" }
  if (hire.subscription_status === "past_due") return { kind: "bad", words: "payment past due" }
  if (hire.finalized_at !== null) {
    return hire.goals_completed ? { kind: "ok", words: "at work" } : { kind: "wait", words: "has no goal yet" }
  }
  if (hire.configured) return { kind: "wait", words: "filled in, not finished" }
  return { kind: "wait", words: `${counted(hire.missing.length, "field")} to fill in` }
}

const DAY = 86_400_000
/** What is left of a trial: the day that has begun counts, so that it begins with all of its days. */
const leftOf = (ms: number): string => lengthOf(ms > DAY ? Math.ceil(ms / DAY) * DAY : ms)

/** The trial of a hire; undefined where there is nothing to say. */
export const trialOf = ({ active, trial_end, trial_status }: Hire, now: number): State | undefined => {
  switch (trial_status) {
    case "not_started":
      return active ? { kind: "plain", words: "trial starts with its first goal" } : undefined
    case "active":
      return trial_end === null
        ? undefined
        : { kind: "run", words: `trial, ${leftOf(Math.max(0, millisOf(trial_end) - now))} left` }
    case "ended_converted":
      return undefined
    case "ended_not_converted":
      return { kind: "plain", words: "trial ended" }
  }
}

/** Words for the states of a subscription. */
export const subscriptionWords: Record<Subscription["status"], State> = {
  pending_payment: { kind: "wait", words: "waits for payment" },
  active: { kind: "ok", words: "active" },
  past_due: { kind: "bad", words: "past due" },
  canceled: { kind: "plain", words: "canceled" },
}
