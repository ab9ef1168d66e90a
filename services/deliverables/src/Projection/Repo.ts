/** The SQL of the projection: the cursor of hiring's feed, tombstones of deleted goals, and the deletion of their drafts. */
import { PgClient } from "@effect/sql-pg"
import { GoalInstanceId } from "@stint/domain/Ids"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { DELETED } from "../Deliverables/Repo.ts"

/** How many goals a page of `withDrafts` has. */
export const GOALS_PAGE = 1_000

/** The projection of hiring's goals: which are deleted, and how far the feed was applied. */
export class ProjectionRepo extends Context.Service<ProjectionRepo, {
  /** The stored cursor; undefined before the first rebuild. */
  readonly cursor: Effect.Effect<string | undefined>
  /**
   * Deletes the drafts of these goals, fails their pending executions, and moves the cursor from `after` to `cursor`. The
   * cursor stays when it is no longer `after` (undefined: none is stored). Idempotent.
   */
  deleteGoals(goals: ReadonlyArray<GoalInstanceId>, after: string | undefined, cursor: string): Effect.Effect<void>
  /** Goals that have drafts which are not deleted: the page of ids after `after`, in order. */
  withDrafts(after: string): Effect.Effect<ReadonlyArray<GoalInstanceId>>
}>()("deliverables/ProjectionRepo") {
  static readonly layer = Layer.effect(
    ProjectionRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const cursor = SqlSchema.findOneOption({
        Request: Schema.Void,
        Result: Schema.Struct({ cursor: Schema.String }),
        execute: () => sql`select cursor from feed_cursor`,
      })
      const withDrafts = SqlSchema.findAll({
        Request: Schema.String,
        Result: Schema.Struct({ goal_instance_id: GoalInstanceId }),
        execute: (after) =>
          sql`select distinct goal_instance_id from deliverables
              where goal_instance_id > ${after} and deleted_at is null order by goal_instance_id limit ${GOALS_PAGE}`,
      })
      const addTombstones = (goals: ReadonlyArray<GoalInstanceId>) =>
        sql`insert into deleted_goals (goal_instance_id) select unnest(${goals}::text[]) on conflict do nothing`
      const deleteDrafts = (goals: ReadonlyArray<GoalInstanceId>) =>
        sql`with gone as (
              update deliverables set deleted_at = now(), updated_at = now(), executing = false
              where goal_instance_id = any(${goals}::text[]) and deleted_at is null returning deliverable_id
            )
            update executions set state = 'failed', last_error = ${DELETED}, next_attempt_at = null, locked_until = null,
              refusal = 'deliverable_deleted'
            where state = 'pending' and deliverable_id in (select deliverable_id from gone)`
      const moveCursor = (after: string | undefined, cursor: string) =>
        after === undefined
          ? sql`insert into feed_cursor (cursor) values (${cursor}) on conflict do nothing`
          : sql`update feed_cursor set cursor = ${cursor} where cursor = ${after}`
      return ProjectionRepo.of({
        cursor: Effect.orDie(
          Effect.map(cursor(undefined), (row) => Option.getOrUndefined(Option.map(row, (r) => r.cursor))),
        ),
        deleteGoals: Effect.fnUntraced(function* (goals, after, cursor) {
          if (goals.length === 0) return yield* Effect.asVoid(moveCursor(after, cursor))
          // committed first: a draft that is stored after this finds the tombstone (Drafts/Repo.ts)
          yield* addTombstones(goals)
          yield* sql.withTransaction(Effect.andThen(deleteDrafts(goals), moveCursor(after, cursor)))
        }, Effect.orDie),
        withDrafts: (after) =>
          Effect.orDie(Effect.map(withDrafts(after), (rows) => rows.map((row) => row.goal_instance_id))),
      })
    }),
  )
}
