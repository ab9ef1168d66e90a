/** Asking for makings, and how they stand: what their runs see. */
import type { PgClient } from "@effect/sql-pg"
import { InstantColumn } from "@stint/domain/Instants"
import { AgentTypeId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { MakerPlace } from "@stint/domain/deliverables/Makings"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { MakingRow, StoredInput } from "../Row.ts"

/** A making that is asked for. */
export const NewMaking = Schema.Struct({
  idempotency_key: Schema.String,
  customer_id: CustomerId,
  agent_id: AgentTypeId,
  definition_version: Schema.String,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: GoalInstanceId,
  goal_template_id: Schema.String,
  scheduled_time: Schema.String,
  input: StoredInput,
  place: Schema.String,
  /** How many makings work at its place at once. */
  most: Schema.Int,
  timeout_seconds: Schema.Int,
  attempt: Schema.NullOr(Schema.String),
  /** Of the next revision of a deliverable: which, of which revision, and what a person asked for. */
  deliverable_id: Schema.NullOr(DeliverableId),
  base_revision: Schema.NullOr(Schema.Int),
  changes: Schema.NullOr(Schema.String),
})
export type NewMaking = typeof NewMaking.Type

const encodeMakings = Schema.encodeEffect(Schema.fromJsonString(Schema.Array(NewMaking)))

/** Queues makings. One that ended without a draft is made again: who asks has judged that (Policy.ts). */
export const queueMakings = (sql: PgClient.PgClient, makings: ReadonlyArray<NewMaking>) =>
  Effect.flatMap(encodeMakings(makings), (rows) =>
    sql`with asked as (
          select * from json_to_recordset(${rows}::json) as x (idempotency_key varchar, customer_id varchar,
            agent_id varchar, definition_version varchar, hired_instance_id varchar, goal_instance_id varchar,
            goal_template_id varchar, scheduled_time timestamptz, input jsonb, place varchar, most integer,
            timeout_seconds integer, attempt varchar, deliverable_id varchar, base_revision integer, changes text)
        ), places as (
          insert into maker_places (place, most) select place, max(most) from asked group by place order by place
          on conflict (place) do update set most = excluded.most where maker_places.most <> excluded.most
        )
        insert into makings (idempotency_key, customer_id, agent_id, definition_version, hired_instance_id,
          goal_instance_id, goal_template_id, scheduled_time, input, place, timeout_seconds, attempt, state, deliverable_id,
          base_revision, changes)
        select idempotency_key, customer_id, agent_id, definition_version, hired_instance_id, goal_instance_id,
          goal_template_id, scheduled_time, input, place, timeout_seconds, attempt, 'waiting', deliverable_id, base_revision, changes
        from asked order by idempotency_key
        on conflict (idempotency_key) do update set state = 'waiting', attempt = excluded.attempt, since = now(),
          definition_version = excluded.definition_version, goal_template_id = excluded.goal_template_id,
          input = excluded.input, place = excluded.place, timeout_seconds = excluded.timeout_seconds,
          deadline = null, lease_until = null, fence = null, calls = 0, bad_answers = 0, note = null, problem = null, ended_at = null
        where makings.state in ('failed', 'cancelled')
        returning idempotency_key`)

const Keys = Schema.Array(Schema.String)

const PlaceRow = Schema.Struct({
  ...MakerPlace.fields,
  away_since: Schema.NullOr(InstantColumn),
  retry_at: Schema.NullOr(InstantColumn),
})

/** The statements over makings as their runs see them. */
export const asks = (sql: PgClient.PgClient) => {
  const find = SqlSchema.findAll({
    Request: Keys,
    Result: MakingRow,
    execute: (keys) =>
      sql`select idempotency_key, state, attempt, since, calls, note, problem,
            coalesce(deadline, now() + make_interval(secs => timeout_seconds)) as deadline,
            extract(epoch from now() - ended_at)::float8 as ended_for
          from makings where idempotency_key = any(${keys}::text[])`,
  })
  const cancel = SqlSchema.findAll({
    Request: Keys,
    Result: Schema.Struct({ idempotency_key: Schema.String }),
    execute: (keys) =>
      sql`with open as (
            select idempotency_key from makings
            where idempotency_key = any(${keys}::text[]) and state in ('waiting', 'making')
            order by idempotency_key for update
          )
          update makings m set state = 'cancelled', ended_at = now(), lease_until = null, fence = null from open
          where m.idempotency_key = open.idempotency_key returning m.idempotency_key`,
  })
  const places = SqlSchema.findAll({
    Request: Schema.Void,
    Result: PlaceRow,
    execute: () =>
      sql`select p.place, p.most as limit, coalesce(m.making, 0)::int as making, coalesce(m.waiting, 0)::int as waiting,
            p.open_since as away_since, p.retry_at, p.last_error
          from maker_places p left join (
            select place, count(*) filter (where state = 'making') as making, count(*) filter (where state = 'waiting') as waiting
            from makings where state in ('waiting', 'making') group by place) m using (place)
          order by p.place`,
  })
  return {
    places: Effect.orDie(Effect.suspend(() => places(undefined))),
    find: (keys: ReadonlyArray<string>) => Effect.orDie(find(keys)),
    ask: (rows: ReadonlyArray<NewMaking>) => Effect.orDie(Effect.asVoid(queueMakings(sql, rows))),
    cancel: (keys: ReadonlyArray<string>) => Effect.orDie(Effect.map(cancel(keys), (rows) => rows.length)),
  }
}
