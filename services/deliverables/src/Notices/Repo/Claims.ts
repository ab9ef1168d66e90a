/** Claiming messages: a lease and a fence by the database's clock, fair between customers; and what came of each attempt. */
import type { PgClient } from "@effect/sql-pg"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { InHand } from "../Repo.ts"
import { ClaimedNotice, NoticeClaim } from "../Row.ts"

/** The lease of a claim, in seconds: longer than an attempt may take. */
export const LEASE_SECONDS = 30

/** The statements. */
export const claims = (sql: PgClient.PgClient) => {
  const decode = decodeEach({ what: "notices", Key: NoticeClaim, Result: ClaimedNotice })
  // by customer, each by its index, as executions are
  const claim = (limit: number, { counts, most }: InHand) => {
    const busy = JSON.stringify([...counts].map(([customer_id, n]) => ({ customer_id, n })))
    return sql`with recursive busy as (
            select * from json_to_recordset(${busy}::json) as b (customer_id varchar, n integer)
          ), customers as (
            (select customer_id from notices where state = 'waiting' order by customer_id limit 1)
            union all
            select (select n.customer_id from notices n where n.state = 'waiting' and n.customer_id > c.customer_id
              order by n.customer_id limit 1)
            from customers c where c.customer_id is not null
          ), due as (
            select n.notice_id, n.next_try_at, row_number() over (partition by c.customer_id order by n.next_try_at) as turn
            from customers c left join busy b on b.customer_id = c.customer_id
            cross join lateral (
              select notice_id, next_try_at from notices
              where state = 'waiting' and customer_id = c.customer_id and next_try_at <= now()
                and (leased_until is null or leased_until <= now())
              order by next_try_at limit greatest(0, ${most} - coalesce(b.n, 0))) n
          ), taken as (
            select notice_id from notices
            where notice_id = any (array(select notice_id from due order by turn, next_try_at limit ${limit}))
              and state = 'waiting' and next_try_at <= now() and (leased_until is null or leased_until <= now())
            for update skip locked
          ), claimed as (
            update notices n set tries = tries + 1, fence = nextval('notice_fence'),
              leased_until = now() + make_interval(secs => ${LEASE_SECONDS})
            from taken where n.notice_id = taken.notice_id returning n.*
          )
          select n.notice_id, n.customer_id, n.person, n.channel_id, n.kind, n.target, n.purpose, n.subject, n.events,
            n.fence::text, n.tries, n.created_at, (extract(epoch from now()) * 1000)::float8 as now,
            r.channels, r.timezone, r.digest_at, r.quiet_from, r.quiet_to, c.dead_since is not null as dead
          from claimed n join reviewers r on r.customer_id = n.customer_id and r.person = n.person
          left join reviewer_channels c on c.customer_id = n.customer_id and c.person = n.person and c.channel_id = n.channel_id`
  }
  const nextDue = SqlSchema.findOne({
    Request: Schema.Array(Schema.String),
    Result: Schema.Struct({ wait: Schema.NullOr(Schema.Number) }),
    execute: (without) =>
      sql`select case when exists (select from notice_events where planned_at is null) then 0 else (extract(epoch from least(
            (select min(due_at) from notice_items where made_at is null),
            (select min(greatest(next_try_at, leased_until)) from notices
              where state = 'waiting' and customer_id <> all (${without}::text[]))) - now()) * 1000)::float8 end as wait`,
  })
  return {
    claim: (limit: number, inHand: InHand) =>
      Effect.orDie(Effect.flatMap(claim(limit, inHand), (rows) => decode(rows as ReadonlyArray<object>))),
    nextDue: ({ counts, most }: InHand) =>
      Effect.orDie(Effect.map(
        nextDue([...counts].flatMap(([customer, n]) => n >= most ? [customer] : [])),
        ({ wait }) => wait === null ? undefined : Math.max(0, Math.ceil(wait)),
      )),
    ...outcomes(sql),
  }
}

/** Writes what came of a claimed attempt, if the claim still holds, and how the channel stands with it. */
const outcomes = (sql: PgClient.PgClient) => {
  const mine = ({ fence, notice_id }: NoticeClaim) =>
    sql`notice_id = ${notice_id} and fence = ${fence}::bigint and state = 'waiting'`
  const held = (statement: Effect.Effect<ReadonlyArray<unknown>, unknown>) =>
    Effect.orDie(Effect.map(statement, (rows) => rows.length > 0))
  const failing = (error: string, dead: boolean) =>
    sql`insert into reviewer_channels as c (customer_id, person, channel_id, failures, last_error, failing_since, dead_since)
        select customer_id, person, channel_id, 1, ${error}, now(), case when ${dead} then now() end from n
        on conflict on constraint pk_reviewer_channels do update set failures = c.failures + 1, last_error = excluded.last_error,
          failing_since = coalesce(c.failing_since, now()),
          dead_since = coalesce(c.dead_since, excluded.dead_since)`
  return {
    sent: (notice: ClaimedNotice) =>
      held(sql`with n as (
            update notices set state = 'sent', ended_at = now(), leased_until = null, last_error = null
            where ${mine(notice)} returning customer_id, person, channel_id
          ), works as (
            insert into reviewer_channels as c (customer_id, person, channel_id, sent_at)
            select customer_id, person, channel_id, now() from n
            on conflict on constraint pk_reviewer_channels do update set failures = 0, last_error = null, failing_since = null,
              dead_since = null, sent_at = now()
          ) select 1 from n`),
    retry: (notice: ClaimedNotice, error: string, delay: number) =>
      held(sql`with n as (
            update notices set leased_until = null, last_error = ${error},
              next_try_at = now() + make_interval(secs => ${delay / 1000}::double precision)
            where ${mine(notice)} returning customer_id, person, channel_id
          ), fails as (${failing(error, false)}) select 1 from n`),
    fail: (notice: ClaimedNotice, error: string) =>
      held(sql`with n as (
            update notices set state = 'failed', ended_at = now(), leased_until = null, last_error = ${error}
            where ${mine(notice)} returning customer_id, person, channel_id
          ), fails as (${failing(error, notice.purpose !== "test")}) select 1 from n`),
    drop: (claim: NoticeClaim, why: string) =>
      held(
        sql`update notices set state = 'dropped', ended_at = now(), leased_until = null, tries = tries - 1, last_error = ${why}
          where ${mine(claim)} returning 1`,
      ),
    postpone: (claim: NoticeClaim, delay: number) =>
      held(sql`update notices set tries = tries - 1, leased_until = null,
            next_try_at = now() + make_interval(secs => ${delay / 1000}::double precision)
          where ${mine(claim)} returning 1`),
  }
}
