/** What the database refuses. */

/** The SQLSTATE that a statement is refused with; undefined when it is not. */
export const refusalOf = (done: Promise<unknown>): Promise<string | undefined> =>
  done.then(() => undefined, (error) => error.code)
