/** Answers that makers call back: to which making they belong, and taking it over from whoever holds it, to write its end. */
import type { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { AnsweredCall, ClaimedMaking } from "../Row.ts"
import { LEASE_SECONDS } from "./Claims.ts"

const Bad = Schema.Struct({ bad_answers: Schema.Int })

/** The statements of answers. A call counts for its making's attempt: one of an attempt before began before it was asked for anew. */
export const answers = (sql: PgClient.PgClient) => {
  const columns = sql`m.idempotency_key, coalesce(m.fence, 0) as fence, m.customer_id, m.agent_id, m.definition_version,
    m.hired_instance_id, m.goal_instance_id, m.goal_template_id, m.scheduled_time, m.input, m.place,
    m.timeout_seconds::float8 * 1000 as left_ms, m.deliverable_id, m.base_revision, m.changes, m.attempt,
    coalesce((select failures from maker_places p where p.place = m.place), 0) as failures`
  const isOpen = (call_id: string) =>
    sql`c.call_id = ${call_id} and m.idempotency_key = c.idempotency_key and c.started_at >= m.since
      and m.state in ('waiting', 'making')`
  const find = SqlSchema.findOneOption({
    Request: Schema.String,
    Result: AnsweredCall,
    execute: (call_id) =>
      sql`select ${columns}, m.state, c.started_at >= m.since as is_current
          from making_calls c join makings m using (idempotency_key) where c.call_id = ${call_id} and c.model is null`,
  })
  // the fence is a new one: what its holder still writes finds its own gone
  const takeOver = SqlSchema.findOneOption({
    Request: Schema.String,
    Result: ClaimedMaking,
    execute: (call_id) =>
      sql`update makings m set state = 'making', fence = nextval('making_fence'),
            lease_until = now() + make_interval(secs => ${LEASE_SECONDS}),
            deadline = coalesce(m.deadline, now() + make_interval(secs => m.timeout_seconds))
          from making_calls c where ${isOpen(call_id)} returning ${columns}`,
  })
  const noted = SqlSchema.findAll({
    Request: Schema.Struct({ call_id: Schema.String, note: Schema.String }),
    Result: Schema.Struct({ idempotency_key: Schema.String }),
    execute: ({ call_id, note }) =>
      sql`update makings m set note = ${note} from making_calls c where ${isOpen(call_id)} returning m.idempotency_key`,
  })
  const bad = SqlSchema.findOneOption({
    Request: Schema.String,
    Result: Bad,
    execute: (call_id) =>
      sql`update makings m set bad_answers = m.bad_answers + 1 from making_calls c where ${isOpen(call_id)}
          returning m.bad_answers`,
  })
  return {
    /** The making of a call to a program; none where no such call was made, or it is not kept any more. */
    answered: (call_id: string) => Effect.orDie(find(call_id)),
    /** Claims the making of the call, whoever holds it; none where it is over. */
    takeOver: (call_id: string) => Effect.orDie(takeOver(call_id)),
    /** Notes what its maker says; false where it is over. */
    noteOf: (call_id: string, note: string) =>
      Effect.orDie(Effect.map(noted({ call_id, note }), (rows) => rows.length > 0)),
    /** Counts an answer that is no draft; how many there were in this attempt, none where it is over. */
    badAnswer: (call_id: string) => Effect.orDie(bad(call_id)),
  }
}
