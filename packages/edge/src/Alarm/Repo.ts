/** The SQL of alerts: at most one open alert of a kind and subject, and which notices are still to be told. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { Ids } from "../Ids.ts"
import { readable } from "../Paging.ts"
import { decodeEach } from "../Pg/Rows.ts"
import type { Alert, Notice } from "../Alarm.ts"

/** How many notices are claimed at once. */
const NOTICES = 20
/** How long an alert is kept after its end, in days. */
const KEPT_DAYS = 90

const Count = Schema.Struct({ n: Schema.Int })

/** A notice with its sentence. */
export interface StoredNotice extends Notice {
  readonly message: string
}

const NoticeRow = Schema.Struct({
  alert_id: Schema.String,
  phase: Schema.Literals(["begun", "ended"]),
  kind: Schema.String,
  subject: Schema.String,
  begun_at: Schema.Finite,
  ended_at: Schema.NullOr(Schema.Finite),
  details: Schema.Record(Schema.String, Schema.Json),
  message: Schema.String,
  tries: Schema.Int,
})

/** The storage of `alerts`. Faults of the database are defects. */
export class AlarmRepo extends Context.Service<AlarmRepo, {
  /** Begins alerts; one that is open is said to hold still. */
  begin(alerts: ReadonlyArray<Alert>): Effect.Effect<void>
  end(alert: Alert): Effect.Effect<void>
  /** The open alerts of a kind, and whether nobody has said of one for so long that it holds. */
  open(
    kind: string,
    quietMs: number,
  ): Effect.Effect<ReadonlyArray<{ readonly subject: string; readonly quiet: boolean }>>
  claim(leaseMs: number): Effect.Effect<ReadonlyArray<StoredNotice>>
  complete(notice: StoredNotice): Effect.Effect<void>
  retry(notice: StoredNotice, delayMs: number): Effect.Effect<void>
  readonly expired: Effect.Effect<number>
  prune(limit: number): Effect.Effect<number>
}>()("edge/AlarmRepo") {
  static readonly layer = Layer.effect(
    AlarmRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const ids = yield* Ids
      const decode = decodeEach({ what: "alerts", Key: Schema.Struct({ alert_id: Schema.String }), Result: NoticeRow })
      const claim = (leaseMs: number) =>
        Effect.flatMap(
          sql`update alerts set tries = tries + 1, leased_until = now() + make_interval(secs => ${leaseMs / 1000})
              where alert_id = any (array(
                select alert_id from alerts
                where (begin_told_at is null or (ended_at is not null and end_told_at is null)) and next_try_at <= now()
                  and (leased_until is null or leased_until <= now())
                order by next_try_at limit ${NOTICES} for update skip locked))
              returning alert_id, kind, subject, tries, (extract(epoch from begun_at) * 1000)::float8 as begun_at,
                (extract(epoch from ended_at) * 1000)::float8 as ended_at,
                case when begin_told_at is null then 'begun' else 'ended' end as phase,
                case when begin_told_at is null then message else coalesce(end_message, message) end as message,
                case when begin_told_at is null then details else coalesce(end_details, details) end as details`,
          // one that can't be read waits for its lease, and keeps no other back
          (rows) => Effect.map(decode(rows as ReadonlyArray<object>), (entries) => readable({ entries })),
        )
      const open = SqlSchema.findAll({
        Request: Schema.Struct({ kind: Schema.String, ms: Schema.Finite }),
        Result: Schema.Struct({ subject: Schema.String, quiet: Schema.Boolean }),
        execute: ({ kind, ms }) =>
          sql`select subject, held_at < now() - make_interval(secs => ${ms / 1000}) as quiet from alerts
              where kind = ${kind} and ended_at is null`,
      })
      const old = sql`ended_at < now() - make_interval(days => ${KEPT_DAYS})`
      const expired = SqlSchema.findOne({
        Request: Schema.Void,
        Result: Count,
        execute: () => sql`select count(*)::int as n from alerts where ${old}`,
      })
      const prune = SqlSchema.findOne({
        Request: Schema.Int,
        Result: Count,
        execute: (limit) =>
          sql`with gone as (delete from alerts where alert_id = any (array(
                select alert_id from alerts where ${old} order by ended_at limit ${limit})) returning 1)
              select count(*)::int as n from gone`,
      })
      const begin = Effect.fnUntraced(function* (alerts: ReadonlyArray<Alert>) {
        if (alerts.length === 0) return
        const rows = yield* Effect.forEach(
          alerts,
          (alert) => Effect.map(ids.next("ALR"), (alert_id) => ({ alert_id, ...alert })),
        )
        yield* sql`insert into alerts as a (alert_id, kind, subject, message, details)
          select alert_id, kind, subject, message, details from json_to_recordset(${JSON.stringify(rows)}::json)
            as x (alert_id varchar, kind varchar, subject varchar, message text, details jsonb)
          -- sorted: two replicas lock the rows in the same order
          order by kind, subject
          on conflict (kind, subject) where ended_at is null do update set held_at = now()`
      })
      return AlarmRepo.of({
        begin: (alerts) => Effect.orDie(begin(alerts)),
        end: ({ details, kind, message, subject }) =>
          Effect.orDie(Effect.asVoid(
            sql`update alerts set ended_at = greatest(now(), begun_at), end_message = ${message}, end_details = ${
              sql.json(details)
            }, tries = 0, next_try_at = now()
                where kind = ${kind} and subject = ${subject} and ended_at is null`,
          )),
        open: (kind, ms) => Effect.orDie(open({ kind, ms })),
        claim: (leaseMs) => Effect.orDie(claim(leaseMs)),
        complete: ({ alert_id, phase }) =>
          Effect.orDie(Effect.asVoid(
            phase === "begun"
              ? sql`update alerts set begin_told_at = now(), tries = 0, next_try_at = now(), leased_until = null
                    where alert_id = ${alert_id} and begin_told_at is null`
              : sql`update alerts set end_told_at = now(), tries = 0, leased_until = null
                    where alert_id = ${alert_id} and end_told_at is null`,
          )),
        retry: ({ alert_id }, delayMs) =>
          Effect.orDie(Effect.asVoid(
            sql`update alerts set leased_until = null, next_try_at = now() + make_interval(secs => ${delayMs / 1000})
                where alert_id = ${alert_id}`,
          )),
        expired: Effect.orDie(Effect.map(Effect.suspend(() => expired()), ({ n }) => n)),
        prune: (limit) => Effect.orDie(Effect.map(prune(limit), ({ n }) => n)),
      })
    }),
  )
}
