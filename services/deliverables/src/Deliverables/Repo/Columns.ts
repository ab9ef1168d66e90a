/** How the repos read a deliverable with its execution: the columns of `DeliverableRow`, and where they come from. */
import type { PgClient } from "@effect/sql-pg"

/** The columns, of `d` and `e`. */
export const columns = (sql: PgClient.PgClient) =>
  sql`d.*, e.delivery_id, e.state as execution_state, e.requested_by, e.attempts, e.last_error, e.next_attempt_at`

/** The tables, as `d` and `e`. */
export const from = (sql: PgClient.PgClient) =>
  sql`from deliverables d left join executions e on e.deliverable_id = d.deliverable_id`
