/** LISTEN on the outbox's channel: one connection for all readers that wait in this process. */
import { PgClient } from "@effect/sql-pg"
import { reconnect } from "@stint/edge/Schedules"
import { Context, Deferred, Effect, Layer, Queue } from "effect"
import { CHANNEL } from "../Repo.ts"

/** What a reader waits for; taken before the read, so that no change between the two is missed. */
export interface Watch {
  /** Succeeds when a new read may find more. */
  readonly changed: Effect.Effect<void>
  /** Whether notifications arrive; while they don't, a reader has to poll. */
  readonly live: boolean
}

/** Wakes the readers that wait when changes are committed. */
export class OutboxListener extends Context.Service<OutboxListener, { readonly watch: Effect.Effect<Watch> }>()(
  "hiring/OutboxListener",
) {
  /** Reconnects for ever. When the connection breaks, every reader reads once, and polls until it is back. */
  static readonly layer = Layer.effect(
    OutboxListener,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const state = { live: false, changed: Deferred.makeUnsafe<void>() }
      const wake = Effect.sync(() => {
        const waiting = state.changed
        state.changed = Deferred.makeUnsafe<void>()
        Deferred.doneUnsafe(waiting, Effect.void)
      })
      const listen = Effect.scoped(Effect.gen(function* () {
        const notifications = yield* sql.listen(CHANNEL)
        state.live = true
        yield* wake
        return yield* Effect.forever(Effect.andThen(Queue.takeAll(notifications), wake))
      }))
      yield* listen.pipe(
        Effect.onExit(() => {
          state.live = false
          return wake
        }),
        Effect.tapError((error) =>
          Effect.logWarning("outbox: LISTEN failed, readers poll until it is back", String(error))
        ),
        Effect.retry(reconnect),
        Effect.forkScoped,
      )
      return OutboxListener.of({
        watch: Effect.sync(() => ({ changed: Deferred.await(state.changed), live: state.live })),
      })
    }),
  )
}
