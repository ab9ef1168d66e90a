/** A long list and its fresh beginning as one: pure. */

/** What a list is ordered by, the latest first. */
export interface Placed {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Whether the first stands before the second, in a list with the latest first. */
const isBefore = (a: Placed, b: Placed): boolean => a.at > b.at || (a.at === b.at && a.id > b.id)

/**
 * The fresh head, then what the snapshot has after it: down to the head's last line the head alone says what there is. With
 * `whole` the head is the whole list. `gap` says that lines are missing between the two, so that the snapshot must be read again.
 */
export const mergeHead = <A>(
  head: ReadonlyArray<A>,
  whole: boolean,
  snapshot: ReadonlyArray<A>,
  placed: (line: A) => Placed,
): { readonly lines: ReadonlyArray<A>; readonly gap: boolean } => {
  const last = head.at(-1)
  if (whole || last === undefined) return { lines: head, gap: false }
  const end = placed(last)
  const after = snapshot.findIndex((line) => isBefore(end, placed(line)))
  const first = snapshot[0]
  if (first === undefined) return { lines: head, gap: false }
  return {
    lines: after === -1 ? head : [...head, ...snapshot.slice(after)],
    // everything that was known lies after the new head: what is between them was never read
    gap: isBefore(end, placed(first)),
  }
}
