/** What the feed says of goals, applied to their drafts. */
import { PgClient } from "@effect/sql-pg"
import { GoalInstanceId } from "@stint/domain/Ids"
import { Clock, Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { DELETED, removeStored } from "../Deliverables/Repo.ts"
import { MemoryTables } from "../MemoryTables.ts"

/** How many goals a page has when they are looked through. */
export const GOALS_PAGE = 1_000

/** Goals, as their drafts know them, and how far the feed was followed. */
export class GoalsRepo extends Context.Service<GoalsRepo, {
  /** The stored cursor of the feed. */
  readonly cursor: Effect.Effect<string | undefined>
  /**
   * Deletes the drafts of these goals, stops executions that are on their way, and moves the cursor on, if it still is
   * `after` (undefined: none is stored); else the cursor stays. Deleting twice changes nothing.
   */
  deleted(goals: ReadonlyArray<GoalInstanceId>, after: string | undefined, cursor: string): Effect.Effect<void>
  /** The goals that have drafts which are not deleted, in the order of their ids, from after `after` on. */
  withDrafts(after: string): Effect.Effect<ReadonlyArray<GoalInstanceId>>
}>()("deliverables/GoalsRepo") {
  static readonly layerPg = Layer.effect(
    GoalsRepo,
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
      // Committed before the drafts are looked for: a draft that is stored at the same time finds the grave itself
      const bury = (goals: ReadonlyArray<GoalInstanceId>) =>
        sql`insert into deleted_goals (goal_instance_id) select unnest(${goals}::text[]) on conflict do nothing`
      const removeDrafts = (goals: ReadonlyArray<GoalInstanceId>) =>
        sql`with gone as (
              update deliverables set deleted_at = now(), updated_at = now(), executing = false
              where goal_instance_id = any(${goals}::text[]) and deleted_at is null returning deliverable_id
            )
            update executions set state = 'failed', last_error = ${DELETED}, next_attempt_at = null, locked_until = null
            where state = 'pending' and deliverable_id in (select deliverable_id from gone)`
      const move = (after: string | undefined, cursor: string) =>
        after === undefined
          ? sql`insert into feed_cursor (cursor) values (${cursor}) on conflict do nothing`
          : sql`update feed_cursor set cursor = ${cursor} where cursor = ${after}`
      return GoalsRepo.of({
        cursor: Effect.orDie(
          Effect.map(cursor(undefined), (row) => Option.getOrUndefined(Option.map(row, (r) => r.cursor))),
        ),
        deleted: Effect.fnUntraced(function* (goals, after, cursor) {
          if (goals.length === 0) return yield* Effect.asVoid(move(after, cursor))
          yield* bury(goals)
          yield* sql.withTransaction(Effect.andThen(removeDrafts(goals), move(after, cursor)))
        }, Effect.orDie),
        withDrafts: (after) =>
          Effect.orDie(Effect.map(withDrafts(after), (rows) => rows.map((row) => row.goal_instance_id))),
      })
    }),
  )

  static readonly layerMemory = Layer.effect(
    GoalsRepo,
    Effect.map(MemoryTables, (tables) =>
      GoalsRepo.of({
        cursor: Effect.sync(() => tables.cursor),
        deleted: (goals, after, cursor) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const gone = new Set<string>(goals)
            for (const goal of gone) tables.deletedGoals.add(goal)
            for (const { deliverable_id, goal_instance_id } of [...tables.deliverables.values()]) {
              if (gone.has(goal_instance_id)) removeStored(tables, deliverable_id, DateTime.makeUnsafe(now))
            }
            if (tables.cursor === after) tables.cursor = cursor
          }),
        withDrafts: (after) =>
          Effect.sync(() => {
            const live = [...tables.deliverables.values()].filter((d) => d.deleted_at === null)
            return [...new Set(live.map((d) => d.goal_instance_id))].filter((goal) => goal > after)
              .sort((a, b) => a < b ? -1 : 1).slice(0, GOALS_PAGE)
          }),
      })),
  )
}
