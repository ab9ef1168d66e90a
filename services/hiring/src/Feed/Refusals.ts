/** Cursors that are gone: their readers begin again from a snapshot. Each is counted; one of a restore is said in the log and alerted. */
import { FeedCursorGone } from "@stint/domain/hiring/Feed"
import { RETENTION } from "@stint/domain/Retention"
import { Alarms, type Alert } from "@stint/edge/Alarm"
import { StateMetrics } from "@stint/edge/Metrics"
import { hourly } from "@stint/edge/Schedules"
import { guard } from "@stint/edge/Watchdog"
import { Context, Effect, Layer } from "effect"
import type { Gone } from "../Outbox/Repo.ts"

/** Why a cursor is gone; `older`: version 0.2.0 gave it, and what follows it was pruned or is not of this history. */
export type Why = Gone | "older"

const details: Record<Why, string> = {
  pruned: `The feed keeps ${RETENTION.feed} days`,
  restored: "The cursor is of changes that this database does not have: hiring was restored to an earlier moment",
  older: "The cursor is of an older version of hiring, and what follows it is no longer known",
}

/** An alert of a restore ends when no reader had to begin again for so long, in milliseconds. */
const QUIET_MS = 3_600_000

const restored: Alert = {
  kind: "restored",
  subject: "hiring",
  message:
    "hiring's database was restored to an earlier moment: the readers of its feed begin again from what it has; " +
    "npx stint db reconcile compares the services",
  details: {},
}

/** Refuses cursors. */
export class Refusals extends Context.Service<Refusals, {
  refuse(why: Why): Effect.Effect<never, FeedCursorGone>
}>()("hiring/Refusals") {
  static readonly layer = Layer.effect(
    Refusals,
    Effect.gen(function* () {
      const counts: Record<Why, number> = { pruned: 0, restored: 0, older: 0 }
      const state = yield* StateMetrics
      const alarms = yield* Alarms
      const figures = Effect.sync(() =>
        Object.entries(counts).map(([reason, value]) => ({
          name: "hiring_feed_cursors_refused_total",
          help: "Cursors of the feed that were refused; their readers begin again from a snapshot",
          labels: { reason },
          kind: "counter" as const,
          value,
        }))
      )
      yield* state.add("feed", figures, "1 second")
      return Refusals.of({
        refuse: Effect.fnUntraced(function* (why) {
          counts[why]++
          if (why === "restored") {
            yield* Effect.logWarning(`feed: ${details.restored}; its reader begins again`)
            // the reader gets its answer, also where an alert can't be stored
            yield* Effect.ignoreCause(alarms.begin(restored))
          }
          const detail = `${details[why]}: read the snapshot, then follow from its feed_cursor`
          return yield* new FeedCursorGone({ detail })
        }),
      })
    }),
  )

  /** Ends the alert of a restore. */
  static readonly worker = Layer.effectDiscard(Effect.gen(function* () {
    const alarms = yield* Alarms
    const over = () => "for an hour no reader of hiring's feed had to begin again for a restore"
    yield* guard("the look for restores that are over", "1 minute")(alarms.settle(restored.kind, [], QUIET_MS, over))
      .pipe(
        Effect.sandbox,
        Effect.ignore,
        Effect.repeat(hourly),
        Effect.forkScoped,
      )
  }))
}
