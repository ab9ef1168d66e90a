/** The SQL of announcing hires. A trigger notes each write of a hire in `unannounced_hires`, whichever program writes. */
import { PgClient } from "@effect/sql-pg"
import { findReadable } from "@stint/edge/Pg/Rows"
import { Context, Effect, Layer, Schema } from "effect"
import { hireChange } from "../Engagements/Changes.ts"
import { announced, hiredOf, HireKey, stateColumns, StateRow } from "../Engagements/Repo/Hires.ts"
import { OutboxRepo } from "../Outbox/Repo.ts"

/** How many hires one transaction announces at most. */
export const ANNOUNCED_AT_ONCE = 500

/** Hires that the feed was not told of. */
export class AnnouncementsRepo extends Context.Service<AnnouncementsRepo, {
  /**
   * Tells of at most ANNOUNCED_AT_ONCE hires, those aside that another transaction is writing; how many. One that can't be
   * read is told of by no one, and not looked at again until it is written.
   */
  readonly announce: Effect.Effect<number>
}>()("hiring/AnnouncementsRepo") {
  static readonly layer = Layer.effect(
    AnnouncementsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const outbox = yield* OutboxRepo
      const lock = findReadable(sql, {
        what: "hires",
        Request: Schema.Int,
        Key: HireKey,
        Result: StateRow,
        query: (limit) =>
          sql`
            select ${stateColumns(sql)}, s.status as subscription_status, s.ended_at as subscription_ended_at
            from unannounced_hires u join hired_agents h using (hired_instance_id) join subscriptions s using (subscription_id)
            order by u.hired_instance_id limit ${limit} for update of h skip locked`,
      })
      const settle = announced(sql)
      return AnnouncementsRepo.of({
        announce: Effect.gen(function* () {
          const { entries } = yield* lock(ANNOUNCED_AT_ONCE)
          if (entries.length === 0) return 0
          // another may have told of some between the look and its lock
          const settled = yield* settle(entries.map(({ key }) => key.hired_instance_id))
          const own = new Set(settled.map(({ hired_instance_id }) => hired_instance_id))
          const hires = entries.flatMap(({ key, row }) =>
            row === undefined || !own.has(key.hired_instance_id) ? [] : [hiredOf(row)]
          )
          yield* outbox.append(hires.map(({ hire, subscription }) => hireChange(subscription, hire)))
          return entries.length
        }).pipe(sql.withTransaction, Effect.orDie),
      })
    }),
  )
}
