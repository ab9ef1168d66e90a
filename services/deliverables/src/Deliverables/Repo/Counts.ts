/** The SQL of counts: each stops at a bound, so that a customer's million drafts cost no more than ten thousand. */
import type { PgClient } from "@effect/sql-pg"
import { DeliverableCounts, MOST_COUNTED } from "@stint/domain/deliverables/Deliverables"
import { CustomerId } from "@stint/domain/Ids"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Statement } from "effect/sql"
import { isExpiring, soon } from "./Lists.ts"
import { hasStatus } from "./Rows.ts"
import { countWithin } from "./Waiting.ts"

/** The statement of counts. */
export const counts = (sql: PgClient.PgClient) => {
  const count = SqlSchema.findOne({
    Request: Schema.NullOr(CustomerId),
    Result: DeliverableCounts,
    execute: (customer_id) => {
      const its = customer_id === null ? sql`` : sql`and d.customer_id = ${customer_id}`
      const some = (table: string, condition: Statement.Fragment) =>
        sql`(select count(*)::int from (
              select 1 from ${sql(table)} d where ${condition} ${its} limit ${MOST_COUNTED}) counted)`
      return sql`select
          ${some("deliverables", hasStatus(sql, "pending_review"))} as pending_review,
          ${some("deliverables", sql`d.revising_since is not null and d.deleted_at is null`)} as in_revision,
          ${
        customer_id === null
          ? some("deliverables", isExpiring(sql))
          : countWithin(sql, customer_id, soon(sql), MOST_COUNTED)
      } as expiring,
          ${
        some(
          "deliverables",
          sql`d.review_status = 'approved' and d.execution_status = 'not_executed' and not d.executing and d.deleted_at is null`,
        )
      } as approved_waiting,
          ${some("executions", sql`d.state = 'failed' and d.refusal is null`)} as delivery_failed`
    },
  })
  return (customer_id: CustomerId | null) => Effect.orDie(count(customer_id))
}
