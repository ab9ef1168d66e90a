/**
 * Runs whose drafts are being made (`run_makings`). Such a run stays held under its fence: it is under way, and no replica holds
 * it. Its lease ends long after the making must have, so that nobody takes it over meanwhile, also no program of 0.2.0.
 */
import { PgClient } from "@effect/sql-pg"
import { Making } from "@stint/domain/Making"
import { ScheduledRunId } from "@stint/domain/Ids"
import { BigIntColumn } from "@stint/edge/Pg/BigIntColumn"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { ClaimedRun } from "../../Model.ts"
import { Fenced, rowsFrom, RunId } from "../Row.ts"
import { inputById, inputOf } from "./Input.ts"
import { IS_HELD } from "./Transitions.ts"
import { RUN_KEY } from "./Unrecorded.ts"

/** Who holds a run whose draft is being made. */
export const MAKERS = "makers"

/** When its lease ends, in hours: a making waits 6 hours for its maker, which then has an hour at most (domain.md, "Makers"). */
const HOURS = 8

/** For how long a look is its replica's own, in seconds: longer than a call of deliverables may take. */
const LOOK_SECONDS = 45

/** How many runs one look takes. */
export const LOOKED_AT_ONCE = 500

/** A run that is looked at; null in its columns where it is not held under that fence any more. */
const Looked = Schema.Struct({
  scheduled_run_id: ScheduledRunId,
  fence: BigIntColumn,
  idempotency_key: Schema.String,
  looks: Schema.Int,
  run: Schema.NullOr(Schema.Struct({
    ...ClaimedRun.fields,
    fence: Schema.Finite,
    // in JSON
    scheduled_time: Schema.Finite,
    claimed_at: Schema.Finite,
  })),
})
export type Looked = typeof Looked.Type

const Delay = { delay: Schema.Finite }
const delayed = (id: string) => `now() + make_interval(secs => (${inputOf(id)} ->> 'delay')::float8)`

/** held -> held, by the makers: nothing is to be renewed from now on. */
const setAside = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: rowsFrom({ ...Fenced, ...Delay, making: Making }),
    Result: RunId,
    execute: (rows) =>
      sql`with ${inputById(sql, rows)}, held as (
          update run_queue set holder = ${MAKERS}, claimable_at = now() + make_interval(hours => ${HOURS})
          where ${sql.unsafe(IS_HELD)} returning scheduled_run_id, fence, ${sql.unsafe(RUN_KEY)} as key
        )
        insert into run_makings (scheduled_run_id, fence, idempotency_key, next_look_at, making)
        select scheduled_run_id, fence, key, ${sql.unsafe(delayed("scheduled_run_id"))},
          ${sql.unsafe(inputOf("scheduled_run_id"))} -> 'making' from held
        on conflict (scheduled_run_id) do update set fence = excluded.fence, next_look_at = excluded.next_look_at,
          making = excluded.making, looks = 0
        returning scheduled_run_id`,
  })

/** Takes what is to be looked at, for a while. */
const takeLooks = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Void,
    Result: Looked,
    execute: () =>
      sql`with due as (
          select scheduled_run_id from run_makings where next_look_at <= now()
          order by next_look_at limit ${LOOKED_AT_ONCE} for update skip locked
        ), looked as (
          update run_makings set next_look_at = now() + make_interval(secs => ${LOOK_SECONDS}), looks = looks + 1
          where scheduled_run_id = any (array(select scheduled_run_id from due))
          returning scheduled_run_id, fence, idempotency_key, looks
        )
        select l.*, case when q.scheduled_run_id is not null then jsonb_build_object(
            'scheduled_run_id', q.scheduled_run_id, 'goal_instance_id', q.goal_instance_id,
            'hired_instance_id', q.hired_instance_id, 'customer_id', q.customer_id, 'attempt', q.attempt,
            'fence', q.fence, 'serial', q.serial,
            'scheduled_time', floor(extract(epoch from q.scheduled_time) * 1000)::int8,
            'claimed_at', floor(extract(epoch from q.claimed_at) * 1000)::int8) end as run
        from looked l left join run_queue q
          on q.scheduled_run_id = l.scheduled_run_id and q.fence = l.fence and q.state = 'held'`,
  })

/** The next look after a delay, and what was said; without `making` what was said before holds. */
const lookAgain = (sql: PgClient.PgClient) =>
  SqlSchema.void({
    Request: rowsFrom({ ...Fenced, ...Delay, making: Schema.NullOr(Making) }),
    execute: (rows) => {
      const input = sql.unsafe(inputOf("scheduled_run_id"))
      return sql`with ${inputById(sql, rows)}
        update run_makings set next_look_at = ${sql.unsafe(delayed("scheduled_run_id"))},
          making = coalesce(nullif(${input} -> 'making', 'null'::jsonb), making)
        where ${sql.unsafe(IS_HELD)}`
    },
  })

/** Of runs that are not held by these fences any more. */
const forget = (sql: PgClient.PgClient) =>
  SqlSchema.void({
    Request: rowsFrom(Fenced),
    execute: (rows) => sql`with ${inputById(sql, rows)} delete from run_makings where ${sql.unsafe(IS_HELD)}`,
  })

/** Milliseconds until the next look; null when there is none. */
const nextLook = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ wait: Schema.NullOr(Schema.Finite) }),
    execute: () => sql`select (extract(epoch from min(next_look_at) - now()) * 1000)::float8 as wait from run_makings`,
  })

/** The statements. */
export const makings = Effect.map(PgClient.PgClient, (sql) => ({
  setAside: setAside(sql),
  takeLooks: takeLooks(sql),
  lookAgain: lookAgain(sql),
  forget: forget(sql),
  nextLook: nextLook(sql),
}))
