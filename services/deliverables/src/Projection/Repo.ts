/** The SQL of the projection: the cursor of hiring's feed, tombstones of deleted goals, and the deletion of their drafts. */
import { PgClient } from "@effect/sql-pg"
import { GoalInstanceId } from "@stint/domain/Ids"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { DELETED } from "../Deliverables/Repo.ts"

/** How many goals a page of `withDrafts` has. */
export const GOALS_PAGE = 1_000

/** A goal, and whether it is known as deleted. */
const KnownGoal = Schema.Struct({ goal_instance_id: GoalInstanceId, deleted: Schema.Boolean })
export type KnownGoal = typeof KnownGoal.Type

/** The goals that hiring does not know, and those that it knows again. */
export interface Rebuilt {
  readonly deleted: ReadonlyArray<GoalInstanceId>
  readonly restored: ReadonlyArray<GoalInstanceId>
}

/** The projection of hiring's goals: which are deleted, and how far the feed was applied. */
export class ProjectionRepo extends Context.Service<ProjectionRepo, {
  /** The stored cursor; undefined before the first rebuild. */
  readonly cursor: Effect.Effect<string | undefined>
  /**
   * Deletes the drafts of these goals, fails their pending executions, and moves the cursor from `after` to `cursor`. The
   * cursor stays when it is no longer `after` (undefined: none is stored). Idempotent.
   */
  deleteGoals(goals: ReadonlyArray<GoalInstanceId>, after: string | undefined, cursor: string): Effect.Effect<void>
  /** Goals that have drafts which are not deleted, or that are deleted: the page of ids after `after`, in order. */
  knownGoals(after: string): Effect.Effect<ReadonlyArray<KnownGoal>>
  /**
   * As `deleteGoals`, and brings back the drafts of restored goals, those aside that were deleted
   * before their goal. False, and no draft changed, when the cursor is no longer `after`.
   */
  rebuild(goals: Rebuilt, after: string | undefined, cursor: string): Effect.Effect<boolean>
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
      const knownGoals = SqlSchema.findAll({
        Request: Schema.String,
        Result: KnownGoal,
        execute: (after) =>
          sql`select goal_instance_id, bool_or(deleted) as deleted from (
                (select distinct goal_instance_id, false as deleted from deliverables
                  where goal_instance_id > ${after} and deleted_at is null order by goal_instance_id limit ${GOALS_PAGE})
                union all
                (select goal_instance_id, true from deleted_goals
                  where goal_instance_id > ${after} order by goal_instance_id limit ${GOALS_PAGE})) as known
              group by goal_instance_id order by goal_instance_id limit ${GOALS_PAGE}`,
      })
      const bringBack = (goals: ReadonlyArray<GoalInstanceId>) =>
        sql`with back as (
              delete from deleted_goals where goal_instance_id = any(${goals}::text[])
              returning goal_instance_id, recorded_at)
            update deliverables d set deleted_at = null, updated_at = now() from back
            where d.goal_instance_id = back.goal_instance_id and d.deleted_at >= back.recorded_at`
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
          ? sql`insert into feed_cursor (cursor) values (${cursor}) on conflict do nothing returning cursor`
          : sql`update feed_cursor set cursor = ${cursor} where cursor = ${after} returning cursor`
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
        knownGoals: (after) => Effect.orDie(knownGoals(after)),
        rebuild: ({ deleted, restored }, after, cursor) =>
          Effect.gen(function* () {
            // committed first, as in `deleteGoals`
            yield* addTombstones(deleted)
            return yield* sql.withTransaction(Effect.gen(function* () {
              if ((yield* moveCursor(after, cursor)).length === 0) return false
              yield* deleteDrafts(deleted)
              yield* bringBack(restored)
              return true
            }))
          }).pipe(Effect.orDie),
      })
    }),
  )
}
