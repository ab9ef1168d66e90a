/** The channel between replicas, by LISTEN and NOTIFY: one listener a process. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer } from "effect"

const CHANNEL = "stint_scheduler"

/** The channel. */
export class NudgeRepo extends Context.Service<NudgeRepo, {
  /** Hears the other replicas; fails when the connection is lost. */
  readonly listen: ReturnType<PgClient.PgClient["listen"]>
  /** Notifies all replicas when the caller's transaction commits. */
  readonly notify: Effect.Effect<void>
}>()("scheduler/NudgeRepo") {
  static readonly layer = Layer.effect(
    NudgeRepo,
    Effect.map(PgClient.PgClient, (sql) =>
      NudgeRepo.of({
        listen: sql.listen(CHANNEL),
        notify: Effect.orDie(Effect.asVoid(sql`select pg_notify(${CHANNEL}, '')`)),
      })),
  )
}
