/** Waits for a condition; nothing of the tests waits for a time. */

/** How long a condition may take on a machine that has other things to do as well, in milliseconds. */
const LONGEST_MS = 20_000

/** Asks until the condition holds; fails, with what was waited for, when it does not within twenty seconds. */
export const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + LONGEST_MS;;) {
    if (await holds()) return
    if (Date.now() > end) throw new Error(`it never came to pass that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
