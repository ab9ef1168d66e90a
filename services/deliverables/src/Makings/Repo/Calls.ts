/** The calls of makers, each recorded before it is sent, and the decisions of the past that a maker is told. */
import type { PgClient } from "@effect/sql-pg"
import { InstantColumn } from "@stint/domain/Instants"
import { Decision } from "@stint/domain/deliverables/Reviews"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { CallEnd, NewCall } from "../../Makers/Calls.ts"
import { Held } from "../Row.ts"

/** How many decisions a maker is told. */
const DECISIONS = 5

const Recorded = Schema.Struct({ call_id: Schema.String })

const PastDecisionRow = Schema.Struct({
  decision: Decision,
  notes: Schema.NullOr(Schema.String),
  title: Schema.String,
  payload: Schema.Json,
  decided_at: InstantColumn,
})

/** The statements of calls. */
export const calls = (sql: PgClient.PgClient) => {
  const record = SqlSchema.findAll({
    Request: Schema.Struct({
      ...Held.fields,
      call_id: Schema.String,
      place: Schema.String,
      model: Schema.NullOr(Schema.String),
      max_cost: Schema.Int,
      max_tokens: Schema.Int,
    }),
    Result: Recorded,
    // under the fence: who lost its lease may send nothing
    execute: (c) =>
      sql`with held as (
            update makings set calls = calls + 1
            where idempotency_key = ${c.idempotency_key} and fence = ${c.fence} and state = 'making' returning *
          )
          insert into making_calls (call_id, idempotency_key, customer_id, hired_instance_id, goal_instance_id, place, model,
            max_cost, max_tokens)
          select ${c.call_id}, idempotency_key, customer_id, hired_instance_id, goal_instance_id, ${c.place}, ${c.model},
            ${c.max_cost}::bigint, ${c.max_tokens}::bigint
          from held returning call_id`,
  })
  const end = SqlSchema.void({
    Request: Schema.Struct({
      call_id: Schema.String,
      outcome: Schema.String,
      tokens_in: Schema.Int,
      tokens_out: Schema.Int,
      cost: Schema.Int,
      error: Schema.NullOr(Schema.String),
    }),
    execute: (c) =>
      sql`update making_calls set outcome = ${c.outcome}, ended_at = now(), tokens_in = ${c.tokens_in}::bigint,
            tokens_out = ${c.tokens_out}::bigint, cost = ${c.cost}::bigint, error = ${c.error}
          where call_id = ${c.call_id} and outcome is null`,
  })
  const decisions = SqlSchema.findAll({
    Request: Schema.String,
    Result: PastDecisionRow,
    execute: (goal) =>
      sql`select a.decision, a.notes, d.title, d.payload, a.created_at as decided_at
          from (select deliverable_id, title, payload from deliverables
              where goal_instance_id = ${goal} and deleted_at is null and review_status <> 'pending_review'
              order by created_at desc limit ${DECISIONS}) d
          join approvals a on a.deliverable_id = d.deliverable_id
          order by a.created_at desc limit ${DECISIONS}`,
  })
  return {
    record: (held: Held, call_id: string, call: NewCall) =>
      Effect.orDie(Effect.map(record({ ...held, call_id, ...call }), (rows) => rows.length > 0)),
    endCall: (call_id: string, { error, ...ended }: CallEnd) =>
      Effect.orDie(end({ call_id, ...ended, error: error?.slice(0, 500) ?? null })),
    decisions: (goal: string) => Effect.orDie(decisions(goal)),
  }
}
