/** The SQL that ends what waits for an attempt, of hires that ended. */
import type { PgClient } from "@effect/sql-pg"
import type { DeliveryRefusal } from "@stint/domain/deliverables/Deliverables"
import { HiredInstanceId } from "@stint/domain/Ids"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** What waits for an attempt, of hires that ended. */
export const endings = (sql: PgClient.PgClient) => {
  const awaited = SqlSchema.findAll({
    Request: Schema.Array(HiredInstanceId),
    Result: Schema.Struct({ hired_instance_id: HiredInstanceId }),
    execute: (hires) =>
      sql`select distinct hired_instance_id from deliverables
          where hired_instance_id = any(${hires}::text[]) and executing and deleted_at is null`,
  })
  return {
    awaited: (hires: ReadonlyArray<HiredInstanceId>) =>
      Effect.orDie(Effect.map(awaited(hires), (rows) => rows.map((row) => row.hired_instance_id))),
    refuseHire: (hire: HiredInstanceId, code: DeliveryRefusal, why: string) =>
      Effect.orDie(Effect.asVoid(
        sql`with d as (
              select deliverable_id from deliverables where hired_instance_id = ${hire} and executing
              order by deliverable_id for update
            ), e as (
              update executions set state = 'failed', last_error = ${why}, refusal = ${code}, next_attempt_at = null,
                locked_until = null
              from d where executions.deliverable_id = d.deliverable_id and state = 'pending'
                and (locked_until is null or locked_until <= now())
              returning executions.deliverable_id
            ) update deliverables set executing = false, updated_at = now()
              from e where deliverables.deliverable_id = e.deliverable_id`,
      )),
  }
}
