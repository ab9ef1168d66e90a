/** How tests wait: for a condition that they can name, never for a time to pass. */

/** How long a condition may take on a machine that has other things to do as well, in milliseconds. */
const LONGEST_MS = 120_000

/** Between two looks, in milliseconds. */
const EVERY_MS = 20

/**
 * Asks again while the answer is 503: a service that is needed took longer than its callers wait, as it may on a busy machine, and
 * nothing was done. For what a test sets up, not for what it is about.
 */
export const patiently = async <A extends { readonly status: number }>(ask: () => Promise<A>): Promise<A> => {
  for (const end = Date.now() + LONGEST_MS;;) {
    const answer = await ask()
    if (answer.status !== 503 || Date.now() > end) return answer
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
}

/**
 * Asks again while the refusal of a statement is that Postgres ended it in a deadlock: what locks several tables, as `truncate cascade`,
 * may meet the background work of a service there, whose locks come in another order. It was not refused for what it is.
 */
export const pastDeadlocks = async <A extends string | undefined>(refusal: () => Promise<A>): Promise<A> => {
  for (const end = Date.now() + LONGEST_MS;;) {
    const answer = await refusal()
    if (!/^40P01$|deadlock detected/.test(answer ?? "") || Date.now() > end) return answer
  }
}

/**
 * Looks until it sees something: anything but `false` or `undefined`, which it gives back. A look that fails sees nothing: a
 * service that is being started again does not answer. Fails after two minutes with what was waited for, the last failure, and
 * what `more` knows.
 */
export const until = async <A>(
  what: string,
  look: () => A | Promise<A>,
  more: () => string = () => "",
): Promise<Exclude<Awaited<A>, false | undefined>> => {
  let failure: unknown
  for (const end = Date.now() + LONGEST_MS;;) {
    try {
      const seen = await look()
      if (seen !== false && seen !== undefined) return seen as Exclude<Awaited<A>, false | undefined>
      failure = undefined
    } catch (error) {
      failure = error
    }
    if (Date.now() > end) {
      throw new Error(`not within ${LONGEST_MS / 1000} s: ${what}\n${failure ?? ""}\n${more()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
}
