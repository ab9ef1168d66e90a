/** Lists that are read whole: those whose length has a bound. */

interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly next_cursor: string | null
}

/** All items of a list, page after page; at most `most` pages, then `more` says that there are others. */
export const somePages = async <A>(
  read: (cursor: string) => Promise<Page<A>>,
  most: number,
): Promise<{ readonly items: ReadonlyArray<A>; readonly more: boolean }> => {
  const items: Array<A> = []
  let cursor: string | null = ""
  for (let pages = 0; cursor !== null; pages++) {
    if (pages === most) return { items, more: true }
    const page: Page<A> = await read(cursor)
    items.push(...page.items)
    cursor = page.next_cursor
  }
  return { items, more: false }
}

/** All items of a list whose length has a bound. */
export const everyPage = <A>(read: (cursor: string) => Promise<Page<A>>): Promise<ReadonlyArray<A>> =>
  somePages(read, Infinity).then(({ items }) => items)
