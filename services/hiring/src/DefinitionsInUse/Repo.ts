/** The live hires of an agent type and their goals, page by page. */
import { PgClient } from "@effect/sql-pg"
import type { AgentTypeId } from "@stint/domain/Ids"
import type { Stretch, Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { Context, Effect, Layer, Schema } from "effect"
import { hireColumns, HireKey } from "../Engagements/Repo/Hires.ts"
import { GoalRow, HireRow } from "../Engagements/Row.ts"

/** Hires that are not deactivated, under a subscription that is not canceled. */
export interface Live {
  readonly agent_id: AgentTypeId
  /** Those at this version are left out. */
  readonly notAt?: string
}

/** A place among the goals of hires. */
export const GoalPlace = Schema.Struct({ hired_instance_id: Schema.String, goal_instance_id: Schema.String })
export type GoalPlace = typeof GoalPlace.Type

/** Whom a definition concerns. */
export class DefinitionsInUseRepo extends Context.Service<DefinitionsInUseRepo, {
  /** By id. */
  hires(live: Live, stretch: Stretch<string>): Effect.Effect<Taken<HireRow, HireKey>>
  /** The goals of these hires, by hire and goal. */
  goals(hires: ReadonlyArray<string>, stretch: Stretch<GoalPlace>): Effect.Effect<Taken<GoalRow, GoalPlace>>
}>()("hiring/DefinitionsInUseRepo") {
  static readonly layer = Layer.effect(
    DefinitionsInUseRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const hires = findReadable(sql, {
        what: "hires",
        Request: Schema.Struct({
          agent_id: Schema.String,
          notAt: Schema.UndefinedOr(Schema.String),
          after: Schema.UndefinedOr(Schema.String),
          limit: Schema.Int,
        }),
        Key: HireKey,
        Result: HireRow,
        // The condition on hires is that of the partial index by which they are found
        query: ({ after = "", agent_id, limit, notAt }) =>
          sql`
            select ${hireColumns(sql)} from hired_agents h join subscriptions s using (subscription_id)
            where h.agent_id = ${agent_id} and h.active and h.hired_instance_id > ${after} and s.status <> 'canceled'
              ${notAt === undefined ? sql`` : sql`and h.definition_version <> ${notAt}`}
            order by h.hired_instance_id limit ${limit}`,
      })
      const goals = findReadable(sql, {
        what: "goals",
        Request: Schema.Struct({
          hires: Schema.Array(Schema.String),
          after: Schema.UndefinedOr(GoalPlace),
          limit: Schema.Int,
        }),
        Key: GoalPlace,
        Result: GoalRow,
        query: ({ after, hires, limit }) =>
          sql`
            select * from goal_instances where hired_instance_id = any(${hires}::text[])
              and (hired_instance_id, goal_instance_id) > (${after?.hired_instance_id ?? ""}, ${
            after?.goal_instance_id ?? ""
          })
            order by hired_instance_id, goal_instance_id limit ${limit}`,
      })
      return DefinitionsInUseRepo.of({
        hires: ({ agent_id, notAt }, stretch) => Effect.orDie(hires({ agent_id, notAt, ...stretch })),
        goals: (hires, stretch) => Effect.orDie(goals({ hires, ...stretch })),
      })
    }),
  )
}
