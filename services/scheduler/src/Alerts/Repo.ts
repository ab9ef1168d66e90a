/** The SQL of alerts: at most one open alert per condition, and which notices are still to be delivered. */
import { PgClient } from "@effect/sql-pg"
import { Ids } from "@stint/edge/Ids"
import { readable } from "@stint/edge/Paging"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { readVitals } from "../Health/Repo.ts"
import type { Vitals } from "../Health/Row.ts"
import { ALERT_LOCK } from "../Locks.ts"
import { type Condition, IN_A_ROW, isSettled, MOST_GOALS } from "./Policy.ts"
import { Notice } from "./Row.ts"

/** How many notices are claimed at once. */
const NOTICES = 20
/** How many open dead letters are searched for goals that fail in a row, the latest failures first. */
const DEAD_LETTERS = 1_000

/** Decides which conditions hold, from the figures and the goals that fail in a row. */
export type Decide = (vitals: Vitals, failing: ReadonlyArray<string>) => ReadonlyArray<Condition>

/** The alerts' storage. */
export class AlertsRepo extends Context.Service<AlertsRepo, {
  /** Begins and ends alerts by the conditions that hold now; nothing while another replica does. How many changed. */
  evaluate(decide: Decide): Effect.Effect<number>
  /** Claims notices that are due; no other replica gets them for so long. */
  claim(leaseMs: number): Effect.Effect<ReadonlyArray<Notice>>
  /** A notice was delivered, or given up. */
  complete(notice: Notice): Effect.Effect<void>
  /** A notice could not be delivered: it is due again after so long. */
  retry(notice: Notice, delayMs: number): Effect.Effect<void>
}>()("scheduler/AlertsRepo") {
  static readonly layer = Layer.effect(
    AlertsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const decode = decodeEach({ what: "alerts", Key: Schema.Struct({ alert_id: Schema.String }), Result: Notice })
      const claim = (leaseMs: number) =>
        Effect.flatMap(
          sql`update scheduler_alerts a set tries = tries + 1, leased_until = now() + make_interval(secs => ${
            leaseMs / 1000
          })
              where alert_id in (
                select alert_id from scheduler_alerts
                where (begin_told_at is null or (ended_at is not null and end_told_at is null)) and next_try_at <= now()
                  and (leased_until is null or leased_until <= now())
                order by next_try_at limit ${NOTICES} for update skip locked)
              returning alert_id, kind, subject, begun_at, ended_at, tries,
                case when begin_told_at is null then 'begun' else 'ended' end as phase,
                case when begin_told_at is null then details else coalesce(end_details, details) end as details`,
          // one that can't be read waits for its lease, and keeps no other back
          (rows) => Effect.map(decode(rows as ReadonlyArray<object>), (entries) => readable({ entries })),
        )
      return AlertsRepo.of({
        evaluate: yield* evaluating,
        claim: (leaseMs) => Effect.orDie(claim(leaseMs)),
        complete: ({ alert_id, phase }) =>
          Effect.orDie(Effect.asVoid(
            phase === "begun"
              ? sql`update scheduler_alerts set begin_told_at = now(), tries = 0, next_try_at = now(), leased_until = null
                    where alert_id = ${alert_id} and begin_told_at is null`
              : sql`update scheduler_alerts set end_told_at = now(), tries = 0, leased_until = null
                    where alert_id = ${alert_id} and end_told_at is null`,
          )),
        retry: ({ alert_id }, delayMs) =>
          Effect.orDie(Effect.asVoid(
            sql`update scheduler_alerts set leased_until = null, next_try_at = now() + make_interval(secs => ${
              delayMs / 1000
            })
                where alert_id = ${alert_id}`,
          )),
      })
    }),
  )
}

const evaluating = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const ids = yield* Ids
  const vitals = yield* readVitals
  const tryLock = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ mine: Schema.Boolean }),
    execute: () => sql`select pg_try_advisory_xact_lock(${ALERT_LOCK}) as mine`,
  })
  /** The goals whose last runs were all dead-lettered, the first failure first; and the alerts that stand, pauses aside. */
  const standing = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({
      failing: Schema.Array(Schema.String),
      open: Schema.Array(Schema.Struct({ kind: Schema.String, subject: Schema.String })),
    }),
    execute: () =>
      sql`select array(
            select d.goal_instance_id from (
              select goal_instance_id, first_failed_at from scheduler_dlq where state = 'open'
              order by last_failed_at desc limit ${DEAD_LETTERS}) d
            where (select count(*) filter (where last.status = 'cancelled') from (
                select r.status from scheduled_goal_runs r where r.goal_instance_id = d.goal_instance_id
                  and (r.status = 'completed' or (r.status = 'cancelled' and r.reason_code = 'dead_lettered'))
                order by r.scheduled_time desc limit ${IN_A_ROW}) last) = ${IN_A_ROW}
            order by d.first_failed_at, d.goal_instance_id limit ${MOST_GOALS}) as failing,
          (select coalesce(json_agg(json_build_object('kind', kind, 'subject', subject)), '[]')
            from scheduler_alerts where ended_at is null and kind <> 'paused') as open`,
  })
  const beginAndEnd = SqlSchema.findOne({
    Request: Schema.Array(
      Schema.Struct({
        alert_id: Schema.String,
        kind: Schema.String,
        subject: Schema.String,
        details: Schema.Record(Schema.String, Schema.Json),
        keeps: Schema.Boolean,
      }),
    ),
    Result: Schema.Struct({ changed: Schema.Int }),
    execute: (conditions) =>
      sql`with holds as (
            select * from json_to_recordset(${JSON.stringify(conditions)}::json)
              as x (alert_id varchar, kind varchar, subject varchar, details jsonb, keeps boolean)
          ), begun as (
            insert into scheduler_alerts (alert_id, kind, subject, begun_at, details)
            select alert_id, kind, subject, now(), details from holds where not keeps
            on conflict (kind, subject) where ended_at is null do nothing returning 1
          ), ended as (
            update scheduler_alerts a set ended_at = greatest(now(), begun_at), tries = 0, next_try_at = now()
            where a.ended_at is null and a.kind <> 'paused'
              and not exists (select from holds h where h.kind = a.kind and h.subject = a.subject)
            returning 1
          )
          select ((select count(*) from begun) + (select count(*) from ended))::int as changed`,
  })
  const look = Effect.fnUntraced(function* (decide: Decide) {
    const { failing, open } = yield* standing()
    return { conditions: decide(yield* vitals(), failing), open }
  })
  const settle = Effect.fnUntraced(
    function* (decide: Decide) {
      if (!(yield* tryLock()).mine) return 0
      const conditions = yield* Effect.forEach(
        (yield* look(decide)).conditions,
        (condition) => Effect.map(ids.next("ALR"), (alert_id) => ({ alert_id, keeps: false, ...condition })),
      )
      return (yield* beginAndEnd(conditions)).changed
    },
    sql.withTransaction,
  )
  return Effect.fnUntraced(
    function* (decide: Decide) {
      const { conditions, open } = yield* look(decide)
      // an idle scheduler has nothing to begin or end: it sees that in two statements
      return isSettled(conditions, open) ? 0 : yield* settle(decide)
    },
    (effect) => Effect.orDie(effect),
  )
})

/** Begins and ends an alert inside the caller's transaction, so that no pause and no resume goes without its notice. */
export const alertWriter = Effect.map(PgClient.PgClient, (sql) => ({
  begin: (alert_id: string, { details, kind, subject }: Condition) =>
    sql`insert into scheduler_alerts (alert_id, kind, subject, begun_at, details)
        values (${alert_id}, ${kind}, ${subject}, now(), ${sql.json(details)})
        on conflict (kind, subject) where ended_at is null do nothing`,
  end: ({ details, kind, subject }: Condition) =>
    sql`update scheduler_alerts set ended_at = greatest(now(), begun_at), end_details = ${
      sql.json(details)
    }, tries = 0, next_try_at = now()
        where kind = ${kind} and subject = ${subject} and ended_at is null`,
}))
