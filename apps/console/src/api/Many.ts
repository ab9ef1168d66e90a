/** One act on many things, each with its own answer. */

/** How many are sent at once. */
const AT_ONCE = 4

/** Does it to all of them, some at a time; fails with the first refusal after all were tried. */
export const toEach = async (ids: ReadonlyArray<string>, act: (id: string) => Promise<unknown>): Promise<void> => {
  const waiting = [...ids]
  const refused: Array<unknown> = []
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      await act(id).catch((error: unknown) => void refused.push(error))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  if (refused.length > 0) throw refused[0]
}
