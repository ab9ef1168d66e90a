/**
 * A cache of evaluations: goals that share a rule and a zone share one. The next slot after an instant is also the next slot
 * after every later instant before that slot.
 */

/** An evaluation: the first slot strictly after an instant (both epoch ms), or undefined when none is to come. */
export type Evaluate<Key> = (key: Key, instant: number) => number | undefined

/** Instants in [from, slot) all have this next slot. */
interface Known {
  from: number
  readonly slot: number
}

/** How many slots of a key are kept: a batch of due goals needs the due slot and the next, one that catches up some more. */
const KEPT = 4
const MOST_KEYS = 8192

/** The evaluation with a cache of the latest slots of each key; `nameOf` identifies a key. */
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
