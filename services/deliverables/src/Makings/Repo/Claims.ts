/** Claiming makings: a lease and a fence by the database's clock, fair between customers, within what each place takes at once. */
import type { PgClient } from "@effect/sql-pg"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { MAKINGS_LOCK } from "../../Locks.ts"
import { endRevising } from "./Changes.ts"
import { ClaimedMaking, Held, type StoredProblem } from "../Row.ts"

/** The lease of a claim, in seconds. It is renewed every 5; work is stopped when it was not for two thirds of it. */
export const LEASE_SECONDS = 15

/** For how long a making waits for a maker that is away, in hours (domain.md, "Makers"). */
const AWAY_HOURS = 6

/** What there is to do for a worker. */
const Look = Schema.Struct({
  /** Whether any waits. */
  waiting: Schema.Boolean,
  /** Milliseconds until a lease ends, and until a place that is away may be tried; null for none. */
  lease: Schema.NullOr(Schema.Finite),
  retry: Schema.NullOr(Schema.Finite),
  /** Whether some waited too long for a place that is away. */
  overdue: Schema.Boolean,
})
export type Look = typeof Look.Type

/** A making that waited too long for its place. */
const isOverdue = (sql: PgClient.PgClient) =>
  sql`m.state = 'waiting' and p.open_since < now() - make_interval(hours => ${AWAY_HOURS})
      and m.since < now() - make_interval(hours => ${AWAY_HOURS})`

/**
 * What may be claimed, by place and customer, each by its index: of each place as many as are free there, and of its customers
 * in turn, those first who have least under way. A place that is away takes one, when it may be tried again.
 */
const picked = (sql: PgClient.PgClient, limit: number) =>
  sql`held as (
        select place, customer_id, count(*)::integer as n from makings
        where state = 'making' and lease_until > now() group by place, customer_id
      ), places as (
        select p.place, p.failures, case when p.retry_at is null then p.most - coalesce(h.n, 0)
            when p.retry_at <= now() and h.n is null then 1 else 0 end as free
        from maker_places p left join (select place, sum(n)::integer as n from held group by place) h using (place)
      ), lanes as (
        (select place, customer_id from makings where state in ('waiting', 'making') order by place, customer_id limit 1)
        union all
        select next.place, next.customer_id from lanes l, lateral (select place, customer_id from makings
          where state in ('waiting', 'making') and (place, customer_id) > (l.place, l.customer_id)
          order by place, customer_id limit 1) next
      ), due as (
        select m.idempotency_key, p.place, p.free, m.since,
          coalesce(h.n, 0) + row_number() over (partition by l.place, l.customer_id order by m.since) as turn
        from lanes l join places p on p.place = l.place and p.free > 0
        left join held h on h.place = l.place and h.customer_id = l.customer_id
        cross join lateral (
          select idempotency_key, since from makings
          where place = l.place and customer_id = l.customer_id and state in ('waiting', 'making')
            and (state = 'waiting' or lease_until <= now())
          order by since limit least(p.free, ${limit})) m
      ), picked as (
        select idempotency_key from (
          select *, row_number() over (partition by place order by turn, since) as nth from due) d
        where nth <= free order by turn, since limit ${limit}
      )`

/** The statements of claims. */
export const claims = (sql: PgClient.PgClient) => {
  const look = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Look,
    execute: () =>
      sql`select exists (select from makings where state = 'waiting') as waiting,
            (select extract(epoch from min(lease_until) - now())::float8 * 1000 from makings where state = 'making') as lease,
            (select extract(epoch from min(retry_at) - now())::float8 * 1000 from maker_places) as retry,
            exists (select from makings m join maker_places p on p.place = m.place where ${isOverdue(sql)}) as overdue`,
  })
  const claim = (limit: number) =>
    sql`with recursive ${picked(sql, limit)}, taken as (
          select m.idempotency_key from makings m
          where m.idempotency_key = any (array(select idempotency_key from picked))
            and (m.state = 'waiting' or (m.state = 'making' and m.lease_until <= now()))
          for update skip locked
        )
        update makings m set state = 'making', fence = nextval('making_fence'), note = null,
          lease_until = now() + make_interval(secs => ${LEASE_SECONDS}),
          deadline = now() + make_interval(secs => m.timeout_seconds)
        from taken where m.idempotency_key = taken.idempotency_key
        returning m.idempotency_key, m.fence, m.customer_id, m.agent_id, m.definition_version, m.hired_instance_id,
          m.goal_instance_id, m.goal_template_id, m.scheduled_time, m.input, m.place, m.timeout_seconds::float8 * 1000 as left_ms,
          m.deliverable_id, m.base_revision, m.changes, m.attempt,
          (select failures from maker_places p where p.place = m.place) as failures`
  const decode = decodeEach({ what: "makings", Key: Held, Result: ClaimedMaking })
  const renew = SqlSchema.findAll({
    Request: Schema.fromJsonString(
      Schema.Array(Schema.Struct({ ...Held.fields, note: Schema.NullOr(Schema.String) })),
    ),
    Result: Schema.Struct({ fence: Held.fields.fence }),
    execute: (rows) =>
      sql`with held as (
            select * from json_to_recordset(${rows}::json) as x (idempotency_key varchar, fence bigint, note varchar)
          ), locked as (
            select m.idempotency_key, held.note from makings m join held using (idempotency_key, fence)
            order by m.idempotency_key for update of m
          )
          update makings m set lease_until = now() + make_interval(secs => ${LEASE_SECONDS}),
            note = coalesce(locked.note, m.note)
          from locked where m.idempotency_key = locked.idempotency_key returning m.fence`,
  })
  return {
    look: Effect.orDie(Effect.suspend(() => look(undefined))),
    claim: (limit: number) =>
      Effect.gen(function* () {
        // in a statement of its own, so that the claim counts what the lock waited for
        yield* sql`select pg_advisory_xact_lock(${MAKINGS_LOCK})`
        return yield* Effect.flatMap(claim(limit), (rows) => decode(rows as ReadonlyArray<object>))
      }).pipe(sql.withTransaction, Effect.orDie),
    renew: (held: ReadonlyArray<Held & { readonly note: string | null }>) =>
      Effect.orDie(Effect.map(renew(held), (rows) => new Set(rows.map((row) => row.fence)))),
    giveUp: (problem: StoredProblem) =>
      Effect.orDie(Effect.asVoid(
        sql`with failed as (
              update makings m set state = 'failed', problem = ${
          sql.json(problem)
        }, ended_at = now() from maker_places p
              where p.place = m.place and ${isOverdue(sql)} returning m.deliverable_id, m.base_revision, m.problem
            ) ${endRevising(sql)}`,
      )),
  }
}
