/** Cursors that are gone: their readers begin again from a snapshot. Each is counted; one of a restore is said in the log. */
import { FeedCursorGone } from "@stint/domain/hiring/Feed"
import { RETENTION } from "@stint/domain/Retention"
import { StateMetrics } from "@stint/edge/Metrics"
import { Context, Effect, Layer } from "effect"
import type { Gone } from "../Outbox/Repo.ts"

/** Why a cursor is gone; `older`: version 0.2.0 gave it, and what follows it was pruned or is not of this history. */
export type Why = Gone | "older"

const details: Record<Why, string> = {
  pruned: `The feed keeps ${RETENTION.feed} days`,
  restored: "The cursor is of changes that this database does not have: hiring was restored to an earlier moment",
  older: "The cursor is of an older version of hiring, and what follows it is no longer known",
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
          if (why === "restored") yield* Effect.logWarning(`feed: ${details.restored}; its reader begins again`)
          const detail = `${details[why]}: read the snapshot, then follow from its feed_cursor`
          return yield* new FeedCursorGone({ detail })
        }),
      })
    }),
  )
}
