/** The channel between replicas, by LISTEN and NOTIFY: one listener a process. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer } from "effect"

const CHANNEL = "stint_scheduler"

/** LISTEN and NOTIFY on the channel that replicas share. */
export class NudgeChannel extends Context.Service<NudgeChannel, {
  /** Hears the other replicas; fails when the connection is lost. */
  readonly listen: ReturnType<PgClient.PgClient["listen"]>
  /** Notifies all replicas when the caller's transaction commits. */
  readonly notify: Effect.Effect<void>
}>()("scheduler/NudgeChannel") {
  static readonly layer = Layer.effect(
    NudgeChannel,
    Effect.map(PgClient.PgClient, (sql) =>
      NudgeChannel.of({
        listen: sql.listen(CHANNEL),
        notify: Effect.orDie(Effect.asVoid(sql`select pg_notify(${CHANNEL}, '')`)),
      })),
  )
}
