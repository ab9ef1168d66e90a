/**
 * Alerts of feeds that are held up: one for each, and its end. What the feed would tell is not known meanwhile. A feed that is
 * held up since its service is away, or this service's own database, is told by the alert of that.
 */
import { Clock, Effect, Layer } from "effect"
import { Alarms, type Alert } from "./Alarm.ts"
import { makeRecentlyAway, makeUncaused } from "./Causes.ts"
import { Followers, heldUp } from "./Follower.ts"
import { Database } from "./Pg/Database.ts"
import { watchFeeds } from "./Schedules.ts"
import { guard } from "./Watchdog.ts"

const KIND = "feed_held"
/** An alert ends when no replica has said for so long that the feed is held up, in milliseconds. */
const QUIET_MS = 30_000

/** Alarms about the feeds that this service follows. */
export const layer = Layer.effectDiscard(Effect.gen(function* () {
  const alarms = yield* Alarms
  const followers = yield* Followers
  const recentlyAway = yield* makeRecentlyAway
  const database = yield* Database
  const uncaused = makeUncaused()
  const look = Effect.gen(function* () {
    const away = yield* recentlyAway
    const held = heldUp(followers, yield* Clock.currentTimeMillis)
    const alerts = held.map(({ detail, feed, since }) => ({
      kind: KIND,
      subject: feed,
      message: `${feed} is held up: ${detail}`,
      details: { since: new Date(since).toISOString() },
    }))
    const causeOf = new Map(held.map(({ feed, of }) => [feed, of]))
    const hasCause = ({ subject }: Alert) => away.has(database.part) || away.has(causeOf.get(subject) ?? "")
    yield* alarms.settle(KIND, uncaused(alerts, hasCause), QUIET_MS, (feed) => `${feed} is followed again`)
  })
  yield* guard("the look for feeds that are held up", "1 minute")(look).pipe(
    Effect.sandbox,
    Effect.ignore,
    Effect.repeat(watchFeeds),
    Effect.forkScoped,
  )
}))
