/** What a proof is: a promise of the table in docs/guarantees.md, and an attack on it that fails when the promise does not hold. */

import type { Stack } from "../support/Stack.ts"
import type { Superuser } from "../support/Superuser.ts"

/** A figure of a proof; all of them are JSON. */
export type Figure = number | string | ReadonlyArray<number | string>

/** What an attack found: its numbers, and every way in which the promise did not hold, in a sentence each. */
export interface Findings {
  readonly figures: Readonly<Record<string, Figure>>
  readonly violations: ReadonlyArray<string>
}

/** How to attack, and what an attack is given. */
export interface Attack {
  /** The full form; the quick one is for every change. */
  readonly full: boolean
  /** What the choice of victims and moments is drawn from: the same seed, the same choices. */
  readonly seed: number
  /** Tells how far it is. */
  say(line: string): void
  /** The stack that it stands on, where it shares one (support/Proving.ts); else it starts its own. */
  readonly shared?: { readonly stack: Stack; readonly superuser: Superuser }
  /** Ends what the attack began: run in reverse order when it is over, also when it failed or was told to stop. */
  defer(end: () => Promise<unknown>): void
}

/** A promise and its attack. */
export interface Proof {
  readonly name: string
  /** The promise, in one sentence. */
  readonly promise: string
  /** What is done to it. */
  readonly attacks: string
  /** How long each form takes, in seconds, as measured on a machine with two cores. */
  readonly seconds: { readonly quick: number; readonly full: number }
  attack(attack: Attack): Promise<Findings>
}

/** Numbers in [0, 1) drawn from a seed (mulberry32). */
export const randomOf = (seed: number): () => number => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Collects violations: of each kind one line, as counts that should be what they should be. */
export const judge = () => {
  const violations: Array<string> = []
  return {
    violations,
    /** Says so unless it holds. */
    that: (holds: boolean, otherwise: string) => {
      if (!holds) violations.push(otherwise)
    },
    /** Says so unless a figure is what it has to be. */
    is: (what: string, figure: number | string, wanted: number | string) => {
      if (figure !== wanted) violations.push(`${what}: ${figure}, not ${wanted}`)
    },
  }
}

/** Waits, in milliseconds. */
export const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

/** What a promise comes to within so many milliseconds, or `late`. */
const inTime = async <A>(promise: Promise<A>, millis: number, late: A): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<A>((resolve) => timer = setTimeout(() => resolve(late), millis))
  return await Promise.race([promise, over]).finally(() => clearTimeout(timer))
}

/**
 * Looks again and again until it is so; fails after `within` milliseconds, saying what it waited for, also when a look does
 * not come to an end. A look that fails is one that sees nothing: what is looked at may be away for a moment, because it
 * was killed.
 */
export const until = async (
  what: string,
  holds: () => Promise<boolean>,
  within = 120_000,
  every = 50,
): Promise<void> => {
  const deadline = Date.now() + within
  let why = ""
  const look = () => holds().catch((error) => (why = ` (${error.message})`, false))
  while (true) {
    const found = await inTime<boolean | "no answer">(look(), deadline - Date.now(), "no answer")
    if (found === true) return
    if (found === "no answer") why = ` (its last look got no answer)${why}`
    if (Date.now() >= deadline) throw new Error(`after ${within / 1000} s still not: ${what}${why}`)
    await sleep(every)
  }
}
