/** How much a customer may have (domain.md, "Bounds"). What it has already stays, also past a bound that came later. */
import { type BoundName, Bounds } from "@stint/domain/Bounds"
import { QuotaExceeded } from "@stint/domain/Problem"
import type { Rate } from "@stint/edge/RateLimit"
import { Effect, Result } from "effect"

/** What a customer has, counted under its lock: nobody adds to it before the transaction ends. */
export interface Counts {
  /** Hires that are not deactivated and whose subscription is not canceled. */
  readonly liveHires: number
  /** Goals of these hires. */
  readonly goals: number
  /** Goals of the hire that is written. */
  readonly goalsOfHire: number
}

type Quota = Extract<
  BoundName,
  "live_hires" | "goals_per_hire" | "goals_per_customer" | "subscriptions_per_customer" | "trials_per_customer"
>

const words: Record<Quota, readonly [what: string, remedy: string]> = {
  live_hires: ["hires", "deactivate one that is not needed any more"],
  goals_per_hire: ["goals a hire", "delete one that is not needed any more"],
  goals_per_customer: ["goals", "delete one that is not needed any more"],
  subscriptions_per_customer: ["subscriptions", "cancel one that is not needed any more"],
  trials_per_customer: ["trials", "remove one that has ended"],
}

/** The bounds of a customer, as decisions. */
export const quotas = Effect.map(Bounds, (bounds) => {
  const room = (bound: Quota, has: number): Result.Result<void, QuotaExceeded> => {
    const limit = bounds[bound]
    const [what, remedy] = words[bound]
    return has < limit ? Result.void : Result.fail(
      new QuotaExceeded({ detail: `A customer may have ${limit} ${what} (${bound}): ${remedy}`, bound, limit }),
    )
  }
  const perMinute = bounds.runs_by_hand_per_minute
  const runsByHand: Rate = {
    perSecond: perMinute / 60,
    burst: perMinute,
    bound: "runs_by_hand_per_minute",
    words: `${perMinute} runs by hand a minute`,
  }
  return {
    runsByHand,
    subscriptions: bounds.subscriptions_per_customer,
    trials: bounds.trials_per_customer,
    room,
    /** Whether one more hire fits; nothing was counted when it is no new one. */
    forHire: (counts: Counts | undefined) => counts === undefined ? Result.void : room("live_hires", counts.liveHires),
    forGoal: (counts: Counts | undefined) =>
      counts === undefined
        ? Result.void
        : Result.flatMap(room("goals_per_hire", counts.goalsOfHire), () => room("goals_per_customer", counts.goals)),
  }
})
