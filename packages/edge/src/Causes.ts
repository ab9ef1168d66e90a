/**
 * One root cause is one alert: what follows from a part's absence begins no alert of its own. The alert of the part is that of
 * AwayAlarm.
 */
import { Clock, Effect } from "effect"
import type { Alert } from "./Alarm.ts"
import { Neighbours } from "./Neighbours.ts"
import { Database } from "./Pg/Database.ts"

/** What waited for a part catches up within so long after it is back, in milliseconds; else it has another cause. */
const CATCH_UP_MS = 60_000

/**
 * Makes the effect that says which parts are away, this service's own database among them, or were so a moment ago. It has to
 * be asked at each look, also when there is nothing to alert: it remembers what it saw.
 */
export const makeRecentlyAway = Effect.gen(function* () {
  const neighbours = yield* Neighbours
  const database = yield* Database
  const seen = new Map<string, number>()
  return Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const own = yield* database.absence
    for (const { part } of [...yield* neighbours.away, ...(own === undefined ? [] : [own])]) seen.set(part, now)
    for (const [part, at] of seen) if (now - at >= CATCH_UP_MS) seen.delete(part)
    return new Set(seen.keys()) as ReadonlySet<string>
  })
})

/** Makes the function that leaves out the alerts which have a cause. One that began before its cause goes on. */
export const makeUncaused = () => {
  let begun = new Set<string>()
  return (alerts: ReadonlyArray<Alert>, hasCause: (alert: Alert) => boolean): ReadonlyArray<Alert> => {
    const left = alerts.filter((alert) => begun.has(alert.subject) || !hasCause(alert))
    begun = new Set(left.map(({ subject }) => subject))
    return left
  }
}
