/** The action log: every line is written in the transaction of what it tells of, by the feature that does it. */
import { PgClient } from "@effect/sql-pg"
import type { Action } from "@stint/domain/scheduler/Controls"
import { Effect, type Schema } from "effect"
import type { Store } from "../Store.ts"

/** A line to be written; the database says when. */
export interface AuditLine {
  readonly log_id: string
  readonly action: Action
  /** The subject of who did it; `system` for what the system does itself. */
  readonly operator: string
  readonly goal_instance_id: string | null
  readonly reason: string | null
  readonly action_metadata: Record<string, Schema.Json>
}

/** Writes a line, inside the caller's transaction. A repeat of the same request finds its own line there. */
export const auditWrites = Effect.map(
  PgClient.PgClient,
  (sql) => (line: AuditLine) =>
    sql`insert into scheduler_action_log (log_id, action, operator, timestamp, goal_instance_id, reason, action_metadata)
      values (${line.log_id}, ${line.action}, ${line.operator}, date_trunc('milliseconds', clock_timestamp()), ${line.goal_instance_id}, ${line.reason},
        ${sql.json(line.action_metadata)})
      on conflict (log_id) do nothing`,
)

/** The same over the memory store. */
export const auditMemory = (store: Store["Service"]) => (line: AuditLine, now: number) => {
  store.actions.push({ ...line, timestamp: now })
}
