/** The types of lists. */

/** Which page a caller asks for: the one after `cursor` (the first without), of at most `limit` items. */
export interface PageQuery {
  readonly cursor?: string
  readonly limit?: number
}

/** A page of a list; `next_cursor` is null on the last one. */
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly next_cursor: string | null
}
