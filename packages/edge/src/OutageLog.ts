/** Logs an outage: one line when it has lasted for 3 seconds, one when it is over, none in between. */
import { Cause, Clock, Effect } from "effect"

/** Shorter outages are not logged, in milliseconds: services that start together, or a restart. */
const UNLOGGED_MS = 3_000

/** The message of a failure, in one line; of an SqlError the message of Postgres or of the connection. */
export const oneLine = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const inner = error instanceof Error && "reason" in error ? (error.reason as { cause?: unknown }).cause : undefined
  const origin = inner instanceof Error ? inner : error
  const text = origin instanceof Error ? origin.message || origin.name : String(origin)
  return text.split("\n")[0]!.slice(0, 300)
}

/** Logs the outages of work that is retried for ever. */
export const outage = (what: string) => {
  let since: number | undefined
  let logged = false
  return {
    /** To be called after each failure. */
    failed: (cause: Cause.Cause<unknown>) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        since ??= now
        if (logged || now - since < UNLOGGED_MS) return Effect.void
        logged = true
        return Effect.logWarning(`${what} fails and is retried: ${oneLine(cause)}`)
      }),
    /** To be run after each success. */
    worked: Effect.suspend(() => {
      const wasLogged = logged
      since = undefined
      logged = false
      return wasLogged ? Effect.logInfo(`${what} works again`) : Effect.void
    }),
  }
}
