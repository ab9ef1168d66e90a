/**
 * Which sentences a slot gets. A post's core is an opening and a nudge, and may have an invite. The core is a permutation of
 * the slot: slot modulo a prime, which divides no distance between two of 31 consecutive slots of a daily, weekly or monthly
 * goal, whatever shift of 30, 60 or 120 minutes its zone makes between them. So no draft of such a goal repeats one of its last
 * 30, without looking at any of them, and a retry of a slot chooses the same.
 */
import { codePoints } from "../Fit.ts"
import { allows, type Constraints, plain } from "./Constraints.ts"
import type { Copy, Occasion } from "./Copy.ts"

/** Such primes; marketing.test.ts holds them to that. */
export const MODULI = [1021, 929, 877, 787, 683, 613]

/** How many cores there have to be. */
export const FEWEST = MODULI.at(-1)!

const modulusOf = (cores: number): number | undefined => MODULI.find((modulus) => modulus <= cores)

/** The sentences that no post is without. */
export interface Core {
  readonly opening: number
  readonly nudge: number
  /** Undefined: none. */
  readonly invite: number | undefined
}

/** The cores that posts may have, by a number that follows from the slot. */
export interface Cores {
  /** A prime; numbers are below it. */
  readonly modulus: number
  core(turn: number): Core
}

/** The number of a slot, `offset` being the post's place in its batch. */
export const turnOf = ({ modulus }: Cores, slot: number, offset: number): number =>
  ((slot + offset) % modulus + modulus) % modulus

/** Every core, in a language: another invite for each pair. */
const every = new Map<Copy, Cores>()

/** The cores of a language where nothing binds a post. */
export const everyCore = (copy: Copy): Cores => {
  const known = every.get(copy)
  if (known !== undefined) return known
  const { invites, nudges, openings } = copy
  const cores: Cores = {
    modulus: modulusOf(openings.length * nudges.length)!,
    core: (turn) => ({
      opening: turn % openings.length,
      nudge: Math.floor(turn / openings.length),
      invite: (turn + Math.floor(turn / openings.length)) % invites.length,
    }),
  }
  every.set(copy, cores)
  return cores
}

/** A prime that divides no number of cores of a language, so that steps of it visit all of them. */
const STEP = 7_919

/** Text that may stand over the joint of two sentences: the first one ends with a mark. */
const overJoints = /[^\p{L}\p{M}\p{N}] /u

/** The sentences that a post may have, with their lengths in code points. */
const allowed = (lines: ReadonlyArray<string>, constraints: Constraints) =>
  lines.flatMap((text, index) => allows(constraints, text) ? [{ text, index, length: codePoints(text) }] : [])

/** What a sentence more adds to a post, in code points: at least, and at most (an item of a list). */
const JOINT = { least: 1, most: 4 } as const

/** Teachings that may fill a post up. */
export interface Filler {
  readonly text: string
  readonly index: number
  readonly length: number
}

/** The teachings that the constraints allow. */
export const fillersOf = (copy: Copy, constraints: Constraints): ReadonlyArray<Filler> =>
  constraints.least === 0 ? [] : allowed(copy.teachings, constraints)

/**
 * Those of the fillers that make a core of `length` as long as the constraints ask, in at most `room` beside the line over a
 * list; undefined when none do. By lengths alone, however they are joined.
 */
export const filling = (
  fillers: ReadonlyArray<Filler>,
  { least: asked }: Constraints,
  length: number,
  room: number,
): ReadonlyArray<Filler> | undefined => {
  let [least, most] = [length, length]
  const chosen: Array<Filler> = []
  for (const filler of fillers) {
    if (least >= asked) break
    if (most + filler.length + JOINT.most > room) continue
    least += filler.length + JOINT.least
    most += filler.length + JOINT.most
    chosen.push(filler)
  }
  return least >= asked ? chosen : undefined
}

/**
 * The cores that hold under constraints, in at most `room` code points: as many as the largest modulus needs, at most.
 * `heading` is the length of the line over a list of teachings.
 * Undefined when there are too few: then `found` says how many.
 */
export const coresUnder = (
  { copy, occasion }: { readonly copy: Copy; readonly occasion: Occasion },
  constraints: Constraints,
  room: number,
  heading: number,
): { readonly cores: Cores | undefined; readonly found: number } => {
  const openings = allowed(copy.openings.map((line) => line(occasion)), constraints)
  const nudges = allowed(copy.nudges, constraints)
  const invites = [undefined, ...allowed(copy.invites.map((line) => line(occasion)), constraints)]
  const spanning = constraints.never.filter((one) => overJoints.test(one))
  const list: Array<Core> = []
  const fillers = fillersOf(copy, constraints)
  const all = constraints.least > room ? 0 : openings.length * nudges.length * invites.length
  for (let nth = 0; nth < all && list.length < MODULI[0]!; nth++) {
    const code = all % STEP === 0 ? nth : (nth * STEP) % all
    const opening = openings[code % openings.length]!
    const nudge = nudges[Math.floor(code / openings.length) % nudges.length]!
    const invite = invites[Math.floor(code / openings.length / nudges.length)]
    const most = opening.length + nudge.length + 2 + (invite === undefined ? 0 : invite.length + 2)
    if (most > room) continue
    if (filling(fillers, constraints, most - (invite === undefined ? 1 : 2), room - heading - 2) === undefined) continue
    if (spanning.length > 0) {
      const text = plain(`${opening.text} ${nudge.text} ${invite?.text ?? ""}`)
      if (spanning.some((one) => text.includes(one))) continue
    }
    list.push({ opening: opening.index, nudge: nudge.index, invite: invite?.index })
  }
  const modulus = modulusOf(list.length)
  return {
    found: list.length,
    cores: modulus === undefined ? undefined : { modulus, core: (turn) => list[turn]! },
  }
}
