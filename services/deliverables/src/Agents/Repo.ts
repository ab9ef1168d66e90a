/** The SQL of deliverables without an agent type. */
import { PgClient } from "@effect/sql-pg"
import { AgentTypeId, HiredInstanceId } from "@stint/domain/Ids"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** How many hires are asked for at once, and how many deliverables are filled in one statement. */
export const HIRES = 200
const ROWS = 500

const Agent = Schema.Struct({ hired_instance_id: HiredInstanceId, agent_id: AgentTypeId })
type Agent = typeof Agent.Type

/** Deliverables without an agent type. */
export class AgentsRepo extends Context.Service<AgentsRepo, {
  /** The hires after `after` of deliverables without one, in order; at most `HIRES`. */
  without(after: string): Effect.Effect<ReadonlyArray<HiredInstanceId>>
  /** Fills in the agent types of some deliverables of these hires; how many. Nothing else of them changes, nor their version. */
  fill(agents: ReadonlyArray<Agent>): Effect.Effect<number>
}>()("deliverables/AgentsRepo") {
  static readonly layer = Layer.effect(
    AgentsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const without = SqlSchema.findAll({
        Request: Schema.String,
        Result: Schema.Struct({ hired_instance_id: HiredInstanceId }),
        // from one hire to the next by the index, however many deliverables each has
        execute: (after) =>
          sql`with recursive hires as (
                (select hired_instance_id, 1 as n from deliverables
                  where agent_id is null and deleted_at is null and hired_instance_id > ${after}
                  order by hired_instance_id limit 1)
                union all
                select (select d.hired_instance_id from deliverables d
                    where d.agent_id is null and d.deleted_at is null and d.hired_instance_id > h.hired_instance_id
                    order by d.hired_instance_id limit 1), h.n + 1
                from hires h where h.hired_instance_id is not null and h.n < ${HIRES}
              ) select hired_instance_id from hires where hired_instance_id is not null order by hired_instance_id`,
      })
      const fill = SqlSchema.findAll({
        Request: Schema.Array(Agent),
        Result: Schema.Struct({ deliverable_id: Schema.String }),
        execute: (agents) =>
          sql`with batch as (
                select d.deliverable_id, a.agent_id
                from json_to_recordset(${
            JSON.stringify(agents)
          }::json) as a (hired_instance_id varchar, agent_id varchar)
                join deliverables d using (hired_instance_id)
                where d.agent_id is null and d.deleted_at is null
                limit ${ROWS} for update of d skip locked
              ) update deliverables d set agent_id = batch.agent_id from batch
              where d.deliverable_id = batch.deliverable_id returning d.deliverable_id`,
      })
      return AgentsRepo.of({
        without: (after) =>
          Effect.orDie(Effect.map(without(after), (rows) => rows.map((row) => row.hired_instance_id))),
        fill: (agents) => Effect.orDie(Effect.map(fill(agents), (rows) => rows.length)),
      })
    }),
  )
}
