/**
 * The transactional outbox: a write adds its changes in its own transaction, readers follow them by cursor, and they are
 * removed after 7 days (domain.md, "Rules: the whole": Feed).
 */
import { Health } from "@stint/edge/Health"
import { betweenBatches, hourly } from "@stint/edge/Schedules"
import { Clock, Context, Duration, Effect, Layer } from "effect"
import type { Cursor, OlderCursor } from "./Outbox/Cursor.ts"
import { type Followed, OutboxRepo, PRUNE_BATCH } from "./Outbox/Repo.ts"
import { OutboxListener, type Watch } from "./Outbox/Repo/Listener.ts"

/** Between two reads while there are no notifications, in milliseconds. */
const POLL_MS = 1000

/** The changes for those who follow them. */
export class Outbox extends Context.Service<Outbox, {
  /** At most `limit` changes after the cursor. Waits up to `wait_ms` for the first one, or until the service drains. */
  follow(cursor: Cursor, limit: number, wait_ms: number): Effect.Effect<Followed>
  /** The place of a cursor that 0.2.0 gave; undefined when its reader has missed something. */
  placeOf(cursor: OlderCursor): Effect.Effect<Cursor | undefined>
}>()("hiring/Outbox") {
  static readonly layer = Layer.effect(
    Outbox,
    Effect.gen(function* () {
      const repo = yield* OutboxRepo
      const listener = yield* OutboxListener
      const health = yield* Health

      /** Waits until a new read may find more, at most `left` ms; whether the service drains. */
      const wait = (watch: Watch, left: number) =>
        Effect.raceAllFirst([
          Effect.as(watch.changed, false),
          Effect.as(Effect.sleep(Duration.millis(Math.min(watch.live ? left : POLL_MS, left))), false),
          Effect.as(health.draining, true),
        ])

      return Outbox.of({
        placeOf: repo.placeOf,
        follow: Effect.fn("Outbox.follow")(function* (cursor, limit, wait_ms) {
          const until = (yield* Clock.currentTimeMillis) + wait_ms
          while (true) {
            const watch = yield* listener.watch
            const followed = yield* repo.after(cursor, limit)
            if (followed.gone !== undefined || followed.page.last !== undefined) return followed
            const left = until - (yield* Clock.currentTimeMillis)
            if (left <= 0 || (yield* wait(watch, left))) return followed
          }
        }),
      })
    }),
  )

  /** Removes what is past its time, at the start and once an hour, in small batches so that nobody waits for it. */
  static readonly worker = Layer.effectDiscard(Effect.gen(function* () {
    const repo = yield* OutboxRepo
    yield* repo.prune.pipe(
      Effect.repeat({ until: (removed) => removed < PRUNE_BATCH, schedule: betweenBatches }),
      Effect.catchCause((cause) => Effect.logWarning("outbox: pruning failed, retried within the hour", cause)),
      Effect.repeat(hourly),
      Effect.forkScoped,
    )
  }))
}
