/**
 * A rule is evaluated once in a zone for all goals that share both, not once a goal: the next slot after an instant is the
 * next slot after every instant from there up to the slot itself.
 */

/** An evaluation: the first slot strictly after an instant (both epoch ms), or undefined when none is to come. */
export type Evaluate<Key> = (key: Key, instant: number) => number | undefined

/** Instants in [from, slot) all have this next slot. */
interface Known {
  from: number
  readonly slot: number
}

/** A batch of due goals asks for the slot that is due and for the one after it; a batch that catches up, for some more. */
const KEPT = 4
const MOST_KEYS = 8192

/** The same, remembering the latest stretches of each key; keys are told apart by `nameOf`. */
export const memoised = <Key>(nameOf: (key: Key) => string, evaluate: Evaluate<Key>): Evaluate<Key> => {
  const known = new Map<string, Array<Known>>()
  return (key, instant) => {
    const name = nameOf(key)
    let stretches = known.get(name)
    const hit = stretches?.find(({ from, slot }) => from <= instant && instant < slot)
    if (hit !== undefined) return hit.slot
    const slot = evaluate(key, instant)
    if (slot === undefined) return undefined
    if (stretches === undefined) {
      if (known.size >= MOST_KEYS) known.clear()
      known.set(name, stretches = [])
    }
    const same = stretches.find((stretch) => stretch.slot === slot)
    if (same !== undefined) same.from = Math.min(same.from, instant)
    else {
      stretches.unshift({ from: instant, slot })
      stretches.length = Math.min(stretches.length, KEPT)
    }
    return slot
  }
}
