import type { Hire } from "@stint/domain/hiring/Hires"
import type { Goal } from "@stint/domain/hiring/Goals"
import { DemoError } from "./DemoError.ts"
import type { Narrator } from "./Narrator.ts"
import type { Person } from "./People.ts"
import type { Checks } from "./Promises.ts"
import type { Receiver } from "./Receiver.ts"
import type { Stage } from "./Stage.ts"

/** What every scene has: the stack, the people, the customer's server, and where to tell and to verify. */
export interface Play {
  readonly stage: Stage
  readonly receiver: Receiver
  readonly show: Narrator
  readonly checks: Checks
  /** The customer, who owns a dental clinic. */
  readonly asha: Person
  /** The operator. */
  readonly olga: Person
  /** How many times as long as on a machine of today a thing may take: as `--within` allows. */
  readonly patience: number
}

/** What the first scene makes, and the others work with. */
export interface Agents {
  /** Posts for patients, published through the webhook. */
  readonly marketing: Hire
  /** Orders within limits, written to the journal. */
  readonly trading: Hire
  /** The marketing agent's goal that falls due every minute. */
  readonly everyMinute: Goal
}

/** Looks every 50 ms until there is something; fails with a DemoError after so many seconds, longer on a slow machine. */
export const until = async <A>(
  { patience, show }: Pick<Play, "patience" | "show">,
  what: string,
  most: number,
  look: () => Promise<A | undefined>,
): Promise<A> => {
  const seconds = Math.round(most * patience)
  for (const limit = show.elapsed() + seconds * 1_000; show.elapsed() < limit; await show.pause(50)) {
    const found = await look()
    if (found !== undefined) return found
  }
  throw new DemoError(`${what} did not happen within ${seconds} s`)
}
