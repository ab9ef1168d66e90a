/** The spread of a goal: a stable offset from a slot to the start of its run; the slot, which names the run, stays. */

/**
 * ms in [0, spreadSeconds * 1000), from the goal's id alone: the same in every process and every release, which
 * Effect's `Hash` does not promise. FNV-1a over the UTF-16 units, then murmur3's finalizer, since time-ordered ids
 * differ in their last digits only.
 */
export const spreadOf = (goalInstanceId: string, spreadSeconds: number): number => {
  if (spreadSeconds === 0) return 0
  let hash = 0x811c9dc5
  for (let nth = 0; nth < goalInstanceId.length; nth++) {
    hash = Math.imul(hash ^ goalInstanceId.charCodeAt(nth), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  hash ^= hash >>> 16
  return Math.floor((hash >>> 0) / 2 ** 32 * spreadSeconds * 1000)
}
