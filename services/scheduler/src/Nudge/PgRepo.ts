/** Hints between replicas, by LISTEN and NOTIFY. */
import { PgClient } from "@effect/sql-pg"
import { reconnect } from "@stint/edge/Schedules"
import { Effect, Layer, Option, Queue } from "effect"
import { CHANNEL, Nudge } from "../Nudge.ts"

/** The layer of `Nudge` on Postgres: one listener a process. */
export const layerPg = Layer.effect(
  Nudge,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const hints = yield* Queue.sliding<void>(1)
    const here = Effect.asVoid(Queue.offer(hints, undefined))
    // after a lost connection hints may have been lost with it, so listening again is a hint as well
    yield* Effect.scoped(Effect.gen(function* () {
      const notifications = yield* sql.listen(CHANNEL)
      yield* here
      return yield* Effect.forever(Effect.andThen(Queue.take(notifications), here))
    })).pipe(
      Effect.sandbox,
      Effect.retry(reconnect),
      Effect.forkScoped,
    )
    return Nudge.of({
      here,
      all: Effect.andThen(here, Effect.ignore(sql.notify(CHANNEL, ""))),
      wait: (ms) => Effect.map(Effect.timeoutOption(Queue.take(hints), ms), Option.isSome),
    })
  }),
)
