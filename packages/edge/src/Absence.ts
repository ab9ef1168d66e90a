/** A part that is away: which, how, and since when. */
import { Schema } from "effect"

/** How a part is away. `unavailable`: it answers that it can't do its work, and `detail` says which part of it. */
export const How = Schema.Literals(["refused", "timed_out", "unavailable", "token_refused"])
export type How = typeof How.Type

/** What is wrong with a part. */
export interface Fault {
  readonly how: How
  /** One line for a person. */
  readonly detail: string
}

/** A part that is away. */
export interface Absence extends Fault {
  readonly part: string
  /** Epoch milliseconds. */
  readonly since: number
  /** The service that says so; none where it was seen from here. */
  readonly seen_by?: string
  /** The part whose absence explains this one: calls of this one fail, which could do its work were that part there. */
  readonly because?: string
}

const words: Record<How, string> = {
  refused: "it can't be reached",
  timed_out: "it does not answer",
  unavailable: "it says that it can't do its work",
  token_refused: "it refuses the token of this service",
}

/** A fault in a few words: "it does not answer: no answer within 3 s". */
export const wordsOf = ({ detail, how }: Fault): string => `${words[how]}: ${detail}`

/** How long something lasted, in words. */
export const lasted = (ms: number): string =>
  ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
