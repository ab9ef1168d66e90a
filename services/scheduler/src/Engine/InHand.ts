/** The runs that this process holds: how many more it may claim. */
import { CLAIMED_AT_ONCE } from "../Queue/Fair.ts"
import type { Claim } from "../Queue/Claim.ts"

/** At most `permits` runs at a time. */
export const makeInHand = (permits: number) => {
  let runs = 0
  let alone = false
  return {
    isEmpty: () => runs === 0,
    /** 0 while a poison candidate is in hand: nothing joins it. */
    room: () => alone ? 0 : Math.max(0, Math.min(permits - runs, CLAIMED_AT_ONCE)),
    add: (claim: Claim) => {
      runs += claim.runs.length
      alone = claim.alone
    },
    remove: (count: number) => {
      runs -= count
      alone = false
    },
  }
}
