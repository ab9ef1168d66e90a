/** Whether all that fails is one customer's. */

/** A page of what failed, each of a customer, as far as that is known. */
interface Failed {
  readonly items: ReadonlyArray<{ readonly customer_id?: string | null }>
  readonly next_cursor: string | null
}

/** The one customer that all of it is of; null where it is nobody's, several customers', of somebody unknown, or goes on. */
export const onlyCustomerOf = (pages: ReadonlyArray<Failed>): string | null => {
  const customers = new Set(pages.flatMap(({ items }) => items.map(({ customer_id }) => customer_id ?? null)))
  // what is on further pages may be another's
  const isWhole = pages.every(({ next_cursor }) => next_cursor === null)
  return isWhole && customers.size === 1 ? [...customers][0] ?? null : null
}
