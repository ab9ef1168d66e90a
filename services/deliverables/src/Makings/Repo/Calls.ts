/** The calls of makers, each recorded before it is sent, and the decisions of the past that a maker is told. */
import type { PgClient } from "@effect/sql-pg"
import type { Budget } from "@stint/domain/Definition/HireSettings"
import { InstantColumn } from "@stint/domain/Instants"
import { Decision } from "@stint/domain/deliverables/Reviews"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { CallEnd, NewCall } from "../../Makers/Calls.ts"
import { Held } from "../Row.ts"

/** How many decisions a maker is told. */
const DECISIONS = 5

/** Whether the claim still stands, and whether the call was recorded: one that stands is refused by its budget alone. */
const Recorded = Schema.Struct({ held: Schema.Boolean, recorded: Schema.Boolean })

/** What becomes of the record of a call: it may be sent; the budget does not allow it; the lease is lost. */
export type Record = "recorded" | "over budget" | "lost"

const PastDecisionRow = Schema.Struct({
  decision: Decision,
  notes: Schema.NullOr(Schema.String),
  title: Schema.String,
  payload: Schema.Json,
  decided_at: InstantColumn,
})

/** The statements of calls. */
export const calls = (sql: PgClient.PgClient) => {
  const record = SqlSchema.findOne({
    Request: Schema.Struct({
      ...Held.fields,
      call_id: Schema.String,
      place: Schema.String,
      model: Schema.NullOr(Schema.String),
      max_cost: Schema.Int,
      max_tokens: Schema.Int,
      month: Schema.String,
      cost: Schema.NullOr(Schema.Int),
      tokens: Schema.NullOr(Schema.Int),
    }),
    Result: Recorded,
    // Under the fence: who lost its lease may send nothing. The row of the month is locked by its conflict and judged as it then is,
    // so that calls at the same time never pass the budget together; calls of one run come one after another, by its making's lock.
    execute: (c) =>
      sql`with held as (
            select * from makings
            where idempotency_key = ${c.idempotency_key} and fence = ${c.fence} and state = 'making' for update
          ), used as (
            select coalesce(sum(coalesce(tokens_in + tokens_out, max_tokens)), 0) as tokens
            from making_calls where idempotency_key = ${c.idempotency_key}
          ), reserved as (
            insert into making_costs as m (hired_instance_id, month, cost, budget)
            select hired_instance_id, ${c.month}, ${c.max_cost}::bigint, ${c.cost}::bigint from held, used
            where (${c.cost}::bigint is null or ${c.max_cost}::bigint <= ${c.cost}::bigint)
              and (${c.tokens}::bigint is null or used.tokens + ${c.max_tokens}::bigint <= ${c.tokens}::bigint)
            on conflict (hired_instance_id, month) do update set cost = m.cost + excluded.cost, budget = excluded.budget
              where ${c.cost}::bigint is null or m.cost + excluded.cost <= ${c.cost}::bigint
            returning hired_instance_id
          ), called as (
            update makings m set calls = m.calls + 1 from held, reserved
            where m.idempotency_key = held.idempotency_key returning m.*
          ), recorded as (
            insert into making_calls (call_id, idempotency_key, customer_id, hired_instance_id, goal_instance_id, place, model,
              max_cost, max_tokens, month)
            select ${c.call_id}, idempotency_key, customer_id, hired_instance_id, goal_instance_id, ${c.place}, ${c.model},
              ${c.max_cost}::bigint, ${c.max_tokens}::bigint, ${c.month}
            from called returning call_id
          )
          select exists (select from held) as held, exists (select from recorded) as recorded`,
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
      sql`with ended as (
            update making_calls set outcome = ${c.outcome}, ended_at = now(), tokens_in = ${c.tokens_in}::bigint,
              tokens_out = ${c.tokens_out}::bigint, cost = ${c.cost}::bigint, error = ${c.error}
            where call_id = ${c.call_id} and outcome is null
            returning hired_instance_id, month, max_cost, cost
          )
          update making_costs m set cost = m.cost - ended.max_cost + ended.cost from ended
          where m.hired_instance_id = ended.hired_instance_id and m.month = ended.month`,
  })
  const decisions = SqlSchema.findAll({
    Request: Schema.String,
    Result: PastDecisionRow,
    execute: (goal) =>
      // each with the content that was decided on; what has one revision has it in its own row alone
      sql`select case when a.asks_changes then 'changes_requested' else a.decision end as decision, a.notes,
            coalesce(r.title, d.title) as title, coalesce(r.payload, d.payload) as payload, a.created_at as decided_at
          from (select deliverable_id, title, payload from deliverables
              where goal_instance_id = ${goal} and deleted_at is null and expired_at is null
                and (review_status <> 'pending_review' or revision > 1 or revising_since is not null)
              order by created_at desc limit ${DECISIONS}) d
          join approvals a on a.deliverable_id = d.deliverable_id
          left join deliverable_revisions r on r.deliverable_id = a.deliverable_id and r.revision = a.revision
          order by a.created_at desc limit ${DECISIONS}`,
  })
  return {
    /** Records a call against its hire's budget of that month, before it is sent. */
    record: (held: Held, call_id: string, call: NewCall, month: string, budget: Budget) =>
      Effect.orDie(Effect.map(
        record({ ...held, call_id, ...call, month, ...budget }),
        ({ held, recorded }): Record => recorded ? "recorded" : held ? "over budget" : "lost",
      )),
    endCall: (call_id: string, { error, ...ended }: CallEnd) =>
      Effect.orDie(end({ call_id, ...ended, error: error?.slice(0, 500) ?? null })),
    decisions: (goal: string) => Effect.orDie(decisions(goal)),
  }
}
