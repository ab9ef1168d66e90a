/**
 * The SQL of makings. Transitions of `state`: ask (-> waiting, also of one that failed or was cancelled), claim (-> making, also of
 * one whose lease ended), takeOver (-> making, by an answer that its maker calls back), store (-> made), fail and giveUp (-> failed), release (-> waiting), cancel (-> cancelled). The database's
 * clock judges leases and deadlines.
 */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { answers } from "./Repo/Answers.ts"
import { asks } from "./Repo/Asks.ts"
import { calls } from "./Repo/Calls.ts"
import { claims } from "./Repo/Claims.ts"
import { changes } from "./Repo/Changes.ts"
import { ends } from "./Repo/Ends.ts"

/** For how many days a making is kept after its end. Its calls are kept for good. */
const KEEP_DAYS = 30

const retention = (sql: PgClient.PgClient) => {
  const Count = Schema.Struct({ n: Schema.Int })
  const isOld = sql`ended_at < now() - make_interval(days => ${KEEP_DAYS})`
  const count = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Count,
    execute: () => sql`select count(*)::int as n from makings where ${isOld}`,
  })
  const remove = SqlSchema.findOne({
    Request: Schema.Int,
    Result: Count,
    execute: (limit) =>
      sql`with gone as (
            delete from makings where idempotency_key = any (array(
              select idempotency_key from makings where ${isOld} order by ended_at limit ${limit} for update skip locked))
            returning 1
          ) select count(*)::int as n from gone`,
  })
  return {
    expired: Effect.orDie(Effect.map(Effect.suspend(() => count(undefined)), ({ n }) => n)),
    removeExpired: (limit: number) => Effect.orDie(Effect.map(remove(limit), ({ n }) => n)),
  }
}

const statements = Effect.map(PgClient.PgClient, (sql) => ({
  ...asks(sql),
  ...answers(sql),
  ...claims(sql),
  ...ends(sql),
  ...calls(sql),
  ...changes(sql),
  ...retention(sql),
}))

/** The statements of makings. */
export class MakingsRepo extends Context.Service<MakingsRepo, Effect.Success<typeof statements>>()(
  "deliverables/MakingsRepo",
) {
  static readonly layer = Layer.effect(MakingsRepo, statements)
}
