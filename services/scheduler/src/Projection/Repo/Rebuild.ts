/** The cursor of hiring's feed, and who rebuilds the projection from a snapshot. */
import { PgClient } from "@effect/sql-pg"
import { Ids } from "@stint/edge/Ids"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** A rebuild under way: its drawn id, and the cursor that is gone (null: there was none). */
export interface Rebuild {
  readonly id: string
  readonly stale: string | null
}

/** From where to where the feed's cursor moves; null: before the first snapshot. */
export interface Move {
  readonly after: string | null
  readonly to: string | null
}

/** For how long a rebuild keeps other replicas away after each of its pages, in seconds. */
const LEASE = 60

/** The statements; each but `begin` and `abandon` belongs in a transaction of its caller. */
export const cursorWrites = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const ids = yield* Ids
  const Moved = Schema.Struct({ cursor: Schema.NullOr(Schema.String) })
  const lease = sql`clock_timestamp() + make_interval(secs => ${LEASE})`
  const isRebuild = (rebuild: Rebuild) => sql`cursor is not distinct from ${rebuild.stale} and rebuild = ${rebuild.id}`
  const rows = <A>(statement: Effect.Effect<ReadonlyArray<A>, unknown>) =>
    Effect.orDie(Effect.map(statement, (all) => all.length > 0))

  const move = SqlSchema.findAll({
    Request: Schema.Struct({ after: Schema.NullOr(Schema.String), to: Schema.NullOr(Schema.String) }),
    Result: Moved,
    execute: ({ after, to }) =>
      sql`update feed_cursor set cursor = ${to}, updated_at = now()
          where cursor is not distinct from ${after} returning cursor`,
  })

  return {
    /** Moves the cursor if it is still at `after`; else false. */
    move: (moved: Move) => rows(move(moved)),
    /** Begins a rebuild; undefined while another replica rebuilds, or has done so since. */
    begin: Effect.fnUntraced(function* (stale: string | null) {
      const rebuild: Rebuild = { id: yield* ids.next("REB"), stale }
      const begun = yield* rows(
        sql`update feed_cursor set rebuild = ${rebuild.id}, rebuild_until = ${lease}
            where cursor is not distinct from ${stale} and (rebuild is null or rebuild_until < clock_timestamp())
            returning cursor`,
      )
      return begun ? rebuild : undefined
    }),
    /** Holds the rebuild for one more page; false when it is another's by now, or the cursor has moved. */
    hold: (rebuild: Rebuild) =>
      rows(sql`update feed_cursor set rebuild_until = ${lease} where ${isRebuild(rebuild)} returning cursor`),
    /** Ends the rebuild: the feed is followed from this cursor. */
    finish: (rebuild: Rebuild, cursor: string) =>
      rows(
        sql`update feed_cursor set cursor = ${cursor}, updated_at = now(), rebuild = null, rebuild_until = null
            where ${isRebuild(rebuild)} returning cursor`,
      ),
    /** Gives up a rebuild that failed, so that it can be begun anew at once. */
    abandon: (rebuild: Rebuild) =>
      Effect.orDie(
        sql`update feed_cursor set rebuild = null, rebuild_until = null where rebuild = ${rebuild.id}`,
      ),
  }
})
