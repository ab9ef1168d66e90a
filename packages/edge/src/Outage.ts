/** An outage in the log: one line when it has lasted for some seconds, one when it is over, nothing in between. */
import { Cause, Clock, Effect } from "effect"

/** How long something fails in silence, in milliseconds: what starts together, or restarts, is no news. */
const PATIENCE_MS = 3_000

/** What a failure says, in one line; the reason of an SqlError is what Postgres or the connection said. */
export const oneLine = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const inner = error instanceof Error && "reason" in error ? (error.reason as { cause?: unknown }).cause : undefined
  const told = inner instanceof Error ? inner : error
  const text = told instanceof Error ? told.message || told.name : String(told)
  return text.split("\n")[0]!.slice(0, 300)
}

/** Follows the failures and successes of something that is tried again for ever. */
export const outage = (what: string) => {
  let since: number | undefined
  let told = false
  return {
    /** It failed. */
    failed: (cause: Cause.Cause<unknown>) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        since ??= now
        if (told || now - since < PATIENCE_MS) return Effect.void
        told = true
        return Effect.logWarning(`${what} can't go on now, and tries again: ${oneLine(cause)}`)
      }),
    /** It worked. */
    worked: Effect.suspend(() => {
      const wasTold = told
      since = undefined
      told = false
      return wasTold ? Effect.logInfo(`${what} goes on`) : Effect.void
    }),
  }
}
