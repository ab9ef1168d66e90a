/** When goals fall due next: what a batch of due goals ends with, in the statement that claims their runs, if it claims any. */
import type { PgClient } from "@effect/sql-pg"
import { IDS, inputById, inputOf } from "./Input.ts"

/** When a goal falls due next, and until when its slots are decided; each as text. */
export interface NextOfGoal {
  readonly id: string
  readonly next_slot: string | null
  readonly due_at: string | null
  readonly decided_until: string | null
}

/** The CTE `input` of these goals, which `settingNext` reads. */
export const nextInput = (sql: PgClient.PgClient, goals: ReadonlyArray<NextOfGoal>) =>
  inputById(sql, JSON.stringify(goals))

/** The update of the goals of `nextInput`. */
export const settingNext = (sql: PgClient.PgClient) => {
  const input = sql.unsafe(inputOf("goal_instance_id"))
  return sql`update projected_goals set next_slot = (${input} ->> 'next_slot')::timestamptz,
      due_at = (${input} ->> 'due_at')::timestamptz, decided_until = (${input} ->> 'decided_until')::timestamptz
    where goal_instance_id = any (${sql.unsafe(IDS)})`
}
