/** Alerts as rows: an open one a condition, so that it begins once and ends once whoever looks, and what is still to be told. */
import { PgClient } from "@effect/sql-pg"
import { JsonObject } from "@stint/domain/Protocol"
import { Ids } from "@stint/edge/Ids"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { memoryVitals, readVitals } from "../Health/Repo.ts"
import type { Vitals } from "../Health/Policy.ts"
import { ALERT_LOCK } from "../Locks.ts"
import { Millis } from "../Model.ts"
import { Store, type StoredAlert } from "../Store.ts"
import { type AlertKind, type Condition, IN_A_ROW, MOST_GOALS } from "./Policy.ts"

/** How many notices are taken at once. */
const NOTICES = 20
/** How many open dead letters are looked through for goals that fail in a row, the latest failures first. */
const LETTERS = 1_000

/** The begin or the end of an alert, which is to be told. */
export interface Notice {
  readonly alert_id: string
  readonly phase: "begun" | "ended"
  readonly kind: AlertKind
  readonly subject: string
  readonly begun_at: number
  readonly ended_at: number | null
  readonly details: JsonObject
  /** Which try this is, from 1. */
  readonly tries: number
}

/** Decides what holds, from the figures and the goals that failed three times in a row. */
export type Decide = (vitals: Vitals, failing: ReadonlyArray<string>) => ReadonlyArray<Condition>

/** The alerts' storage. */
export class AlertsRepo extends Context.Service<AlertsRepo, {
  /** Looks at the figures and begins and ends alerts accordingly; not while another replica does. How many changed. */
  look(decide: Decide): Effect.Effect<number>
  /** Takes what is due to be told; nobody else gets it for so long. */
  take(leaseMs: number): Effect.Effect<ReadonlyArray<Notice>>
  /** It was told, or given up. */
  told(notice: Notice): Effect.Effect<void>
  /** It could not be told: again after so long. */
  later(notice: Notice, delayMs: number): Effect.Effect<void>
}>()("scheduler/AlertsRepo") {
  static readonly layerPg = Layer.effect(
    AlertsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const ids = yield* Ids
      const vitals = yield* readVitals

      const failing = Effect.map(
        sql<{ goal_instance_id: string }>`
          select d.goal_instance_id from (
            select goal_instance_id, first_failed_at from scheduler_dlq where state = 'open'
            order by last_failed_at desc limit ${LETTERS}) d
          where (select count(*) filter (where last.status = 'cancelled') from (
              select r.status from scheduled_goal_runs r where r.goal_instance_id = d.goal_instance_id
                and (r.status = 'completed' or (r.status = 'cancelled' and r.dlq_id is not null))
              order by r.scheduled_time desc limit ${IN_A_ROW}) last) = ${IN_A_ROW}
          order by d.first_failed_at, d.goal_instance_id limit ${MOST_GOALS}`,
        (rows) => rows.map((row) => row.goal_instance_id),
      )
      const look = Effect.fnUntraced(
        function* (decide: Decide) {
          const [lock] = yield* sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${ALERT_LOCK}) as mine`
          if (!lock!.mine) return 0
          const holds = decide(yield* vitals(), yield* failing)
          const rows = yield* Effect.forEach(
            holds,
            (condition) => Effect.map(ids.next("ALR"), (alert_id) => ({ alert_id, ...condition })),
          )
          const [changed] = yield* sql<{ n: number }>`
            with holds as (
              select * from json_to_recordset(${JSON.stringify(rows)}::json)
                as x (alert_id varchar, kind varchar, subject varchar, details jsonb)
            ), begun as (
              insert into scheduler_alerts (alert_id, kind, subject, begun_at, details)
              select alert_id, kind, subject, now(), details from holds
              on conflict (kind, subject) where ended_at is null do nothing returning 1
            ), ended as (
              update scheduler_alerts a set ended_at = greatest(now(), begun_at), tries = 0, next_try_at = now()
              where a.ended_at is null and a.kind <> 'paused'
                and not exists (select from holds h where h.kind = a.kind and h.subject = a.subject)
              returning 1
            )
            select ((select count(*) from begun) + (select count(*) from ended))::int as n`
          return changed!.n
        },
        (effect) => Effect.orDie(sql.withTransaction(effect)),
      )
      const take = SqlSchema.findAll({
        Request: Schema.Finite,
        Result: Schema.Struct({
          alert_id: Schema.String,
          phase: Schema.Literals(["begun", "ended"]),
          kind: Schema.Literals(["success_rate", "pending", "failures", "dead_letters", "paused"]),
          subject: Schema.String,
          begun_at: Millis,
          ended_at: Schema.NullOr(Millis),
          details: JsonObject,
          tries: Schema.Int,
        }),
        execute: (leaseMs) =>
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
      })
      return AlertsRepo.of({
        look,
        take: (leaseMs) => Effect.orDie(take(leaseMs)),
        told: ({ alert_id, phase }) =>
          Effect.orDie(Effect.asVoid(
            phase === "begun"
              ? sql`update scheduler_alerts set begin_told_at = now(), tries = 0, next_try_at = now(), leased_until = null
                    where alert_id = ${alert_id} and begin_told_at is null`
              : sql`update scheduler_alerts set end_told_at = now(), tries = 0, leased_until = null
                    where alert_id = ${alert_id} and end_told_at is null`,
          )),
        later: ({ alert_id }, delayMs) =>
          Effect.orDie(Effect.asVoid(
            sql`update scheduler_alerts set leased_until = null, next_try_at = now() + make_interval(secs => ${
              delayMs / 1000
            })
                where alert_id = ${alert_id}`,
          )),
      })
    }),
  )

  static readonly layerMemory = Layer.effect(
    AlertsRepo,
    Effect.gen(function* () {
      const store = yield* Store
      const ids = yield* Ids
      const writes = memoryAlerts(store)
      const failing = () =>
        [...store.deadLetters.values()].filter((letter) => letter.state === "open")
          .filter((letter) => {
            const last = [...store.runs.values()]
              .filter((run) =>
                run.goal_instance_id === letter.goal_instance_id &&
                (run.status === "completed" || (run.status === "cancelled" && run.dlq_id !== null))
              )
              .sort((a, b) => b.slot - a.slot).slice(0, IN_A_ROW)
            return last.length === IN_A_ROW && last.every((run) => run.status === "cancelled")
          })
          .sort((a, b) => a.first_failed_at - b.first_failed_at).slice(0, MOST_GOALS)
          .map((letter) => letter.goal_instance_id)
      const isUntold = (alert: StoredAlert) =>
        alert.begin_told_at === null || (alert.ended_at !== null && alert.end_told_at === null)
      return AlertsRepo.of({
        look: Effect.fnUntraced(function* (decide) {
          const now = yield* Clock.currentTimeMillis
          const holds = decide(memoryVitals(store, now), failing())
          let changed = 0
          for (const condition of holds) if (writes.begin(yield* ids.next("ALR"), condition, now)) changed++
          for (const { ended_at, kind, subject } of [...store.alerts.values()]) {
            if (ended_at !== null || kind === "paused") continue
            if (holds.some((condition) => condition.kind === kind && condition.subject === subject)) continue
            writes.end(kind, subject, null, now)
            changed++
          }
          return changed
        }),
        take: (leaseMs) =>
          Effect.map(
            Clock.currentTimeMillis,
            (now) =>
              [...store.alerts.values()].filter((alert) =>
                isUntold(alert) && alert.next_try_at <= now && (alert.leased_until ?? 0) <= now
              )
                .slice(0, NOTICES).map((alert): Notice => {
                  alert.tries++
                  alert.leased_until = now + leaseMs
                  const { alert_id, begin_told_at, begun_at, details, end_details, ended_at, kind, subject, tries } =
                    alert
                  return begin_told_at === null
                    ? { alert_id, phase: "begun", kind, subject, begun_at, ended_at, details, tries }
                    : {
                      alert_id,
                      phase: "ended",
                      kind,
                      subject,
                      begun_at,
                      ended_at,
                      details: end_details ?? details,
                      tries,
                    }
                }),
          ),
        told: ({ alert_id, phase }) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const alert = store.alerts.get(alert_id)
            if (alert === undefined) return
            Object.assign(alert, { tries: 0, next_try_at: now, leased_until: null })
            if (phase === "begun") alert.begin_told_at = now
            else alert.end_told_at = now
          }),
        later: ({ alert_id }, delayMs) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const alert = store.alerts.get(alert_id)
            if (alert !== undefined) Object.assign(alert, { next_try_at: now + delayMs, leased_until: null })
          }),
      })
    }),
  )
}

/** The begin and end of an alert inside the caller's transaction: how a pause and a resume are told for certain. */
export const alertWrites = Effect.map(PgClient.PgClient, (sql) => ({
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

/** The same over the memory store. */
export const memoryAlerts = (store: Store["Service"]) => {
  const openOf = (kind: AlertKind, subject: string) =>
    store.alerts.values().find((alert) => alert.kind === kind && alert.subject === subject && alert.ended_at === null)
  return {
    /** Whether it began: false when it holds already. */
    begin: (alert_id: string, { details, kind, subject }: Condition, now: number): boolean => {
      if (openOf(kind, subject) !== undefined) return false
      store.alerts.set(alert_id, {
        alert_id,
        kind,
        subject,
        begun_at: now,
        ended_at: null,
        details,
        end_details: null,
        begin_told_at: null,
        end_told_at: null,
        tries: 0,
        next_try_at: now,
        leased_until: null,
      })
      return true
    },
    end: (kind: AlertKind, subject: string, end_details: Condition["details"] | null, now: number) => {
      const open = openOf(kind, subject)
      if (open !== undefined) Object.assign(open, { ended_at: now, end_details, tries: 0, next_try_at: now })
    },
  }
}
