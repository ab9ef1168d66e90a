/** What of the scheduler is past its time, and its removal. A row that lives (pending, running, open) is never picked. */
import { PgClient } from "@effect/sql-pg"
import { Ids } from "@stint/edge/Ids"
import type { RetentionJob } from "@stint/edge/Retention"
import { Clock, Context, Effect, Layer } from "effect"
import { type AuditLine, auditMemory, auditWrites } from "../Audit/Repo.ts"
import { Store } from "../Store.ts"

/** For how many days rows are kept (domain.md, "Retention"). A dead letter: after it was closed. */
export const DAYS = { deadLetters: 7, runs: 30, executions: 90, missedSlots: 90, history: 90, alerts: 90 } as const

/** How many rows there are, and how some of them go. */
type Removal = Pick<RetentionJob, "expired" | "remove">

/** The removals. */
export class RetentionRepo extends Context.Service<RetentionRepo, {
  /** Open dead letters whose seven days are over become expired, each with its line in the action log. */
  readonly expiring: Removal
  /** Dead letters that were closed; their runs stay, and stay dead-lettered. */
  readonly deadLetters: Removal
  /** Runs that are final, with their attempts, unless an open dead letter could still bring them back. */
  readonly runs: Removal
  /** Executions that are final. */
  readonly executions: Removal
  readonly missedSlots: Removal
  /** Rows that a later one followed; the last of a goal only when that says that it was deleted. */
  readonly history: Removal
  /** Alerts that ended. */
  readonly alerts: Removal
}>()("scheduler/RetentionRepo") {
  static readonly layerPg = Layer.effect(
    RetentionRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const ids = yield* Ids
      const audit = yield* auditWrites
      const counted = (rows: ReadonlyArray<{ readonly n: number }>) => rows[0]!.n

      /** Rows of a table whose instant `at` is older than so many days; those that a replica has in hand are left to it. */
      const removal = (table: string, at: string, days: number, unless = "false"): Removal => {
        const name = sql.unsafe(table)
        const old = sql`${sql.unsafe(at)} < now() - make_interval(days => ${days}) and not (${sql.unsafe(unless)})`
        return {
          expired: Effect.orDie(
            Effect.map(sql<{ n: number }>`select count(*)::int as n from ${name} t where ${old}`, counted),
          ),
          remove: (limit) =>
            Effect.orDie(Effect.map(
              sql<{ n: number }>`with gone as (delete from ${name} where ctid = any (array(
                  select ctid from ${name} t where ${old} order by ${sql.unsafe(at)} limit ${limit}
                  for update skip locked)) returning 1)
                select count(*)::int as n from gone`,
              counted,
            )),
        }
      }
      const expire = Effect.fnUntraced(
        function* (limit: number) {
          const gone = yield* sql<{ dlq_id: string; goal_instance_id: string; failure_count: number }>`
            update scheduler_dlq set state = 'expired', closed_at = now() where dlq_id in (
              select dlq_id from scheduler_dlq where state = 'open' and expires_at <= now()
              order by expires_at limit ${limit} for update skip locked)
            returning dlq_id, goal_instance_id, failure_count`
          for (const letter of gone) yield* audit(lineOf(yield* ids.next("LOG"), letter))
          return gone.length
        },
        (effect) => Effect.orDie(sql.withTransaction(effect)),
      )
      // what is followed by a row that is old itself ended before it
      const oldHistory = sql`select goal_instance_id, valid_from from (
          select goal_instance_id, valid_from, deleted,
            lead(valid_from) over (partition by goal_instance_id order by valid_from) as ended_at
          from goal_history where valid_from < now() - make_interval(days => ${DAYS.history})) h
        where ended_at is not null or deleted`
      return RetentionRepo.of({
        expiring: {
          expired: Effect.orDie(Effect.map(
            sql<
              { n: number }
            >`select count(*)::int as n from scheduler_dlq where state = 'open' and expires_at <= now()`,
            counted,
          )),
          remove: expire,
        },
        deadLetters: removal("scheduler_dlq", "closed_at", DAYS.deadLetters),
        runs: removal(
          "scheduled_goal_runs",
          "closed_at",
          DAYS.runs,
          "exists (select from scheduler_dlq d where d.dlq_id = t.dlq_id and d.state = 'open')",
        ),
        executions: removal("goal_runs", "completed_at", DAYS.executions),
        missedSlots: removal("missed_slots", "recorded_at", DAYS.missedSlots),
        history: {
          expired: Effect.orDie(
            Effect.map(sql<{ n: number }>`select count(*)::int as n from (${oldHistory}) o`, counted),
          ),
          remove: (limit) =>
            Effect.orDie(Effect.map(
              sql<{ n: number }>`with gone as (
                  delete from goal_history where (goal_instance_id, valid_from) in (${oldHistory} limit ${limit})
                  returning 1)
                select count(*)::int as n from gone`,
              counted,
            )),
        },
        alerts: removal("scheduler_alerts", "ended_at", DAYS.alerts),
      })
    }),
  )

  static readonly layerMemory = Layer.effect(
    RetentionRepo,
    Effect.gen(function* () {
      const store = yield* Store
      const ids = yield* Ids
      const audit = auditMemory(store)
      const removal = <A>(
        rows: () => Iterable<A>,
        isOld: (row: A, before: number) => boolean,
        days: number,
        take: (row: A) => void,
      ): Removal => {
        const old = Effect.map(
          Clock.currentTimeMillis,
          (now) => [...rows()].filter((row) => isOld(row, now - days * 86_400_000)),
        )
        return {
          expired: Effect.map(old, (rows) => rows.length),
          remove: (limit) =>
            Effect.map(old, (rows) => {
              const gone = rows.slice(0, limit)
              gone.forEach(take)
              return gone.length
            }),
        }
      }
      const before = (at: number | null, limit: number) => at !== null && at < limit
      const overdue = Effect.map(
        Clock.currentTimeMillis,
        (now) =>
          [...store.deadLetters.values()].filter((letter) => letter.state === "open" && letter.expires_at <= now),
      )
      // a run and its execution are one row here: it goes with the run
      const executions: Removal = { expired: Effect.succeed(0), remove: () => Effect.succeed(0) }
      return RetentionRepo.of({
        expiring: {
          expired: Effect.map(overdue, (letters) => letters.length),
          remove: Effect.fnUntraced(function* (limit) {
            const now = yield* Clock.currentTimeMillis
            const gone = (yield* overdue).slice(0, limit)
            for (const letter of gone) {
              Object.assign(letter, { state: "expired", closed_at: now })
              audit(lineOf(yield* ids.next("LOG"), letter), now)
            }
            return gone.length
          }),
        },
        deadLetters: removal(
          () => store.deadLetters.values(),
          (letter, limit) => before(letter.closed_at, limit),
          DAYS.deadLetters,
          ({ dlq_id }) => store.deadLetters.delete(dlq_id),
        ),
        runs: removal(
          () => store.runs.values(),
          (run, limit) => before(run.closed_at, limit) && store.deadLetters.get(run.dlq_id ?? "")?.state !== "open",
          DAYS.runs,
          ({ scheduled_run_id }) => store.runs.delete(scheduled_run_id),
        ),
        executions,
        missedSlots: removal(
          () => store.missed,
          (slots, limit) => slots.recorded_at < limit,
          DAYS.missedSlots,
          (slots) => void store.missed.splice(store.missed.indexOf(slots), 1),
        ),
        history: removal(
          () =>
            [...store.history.values()].flatMap((rows) =>
              rows.map((row, nth) => ({
                row,
                ended_at: row.deleted ? row.valid_from : rows[nth + 1]?.valid_from ?? null,
              }))
            ),
          ({ ended_at }, limit) => before(ended_at, limit),
          DAYS.history,
          ({ row }) => {
            const rows = store.history.get(row.goal_instance_id)!.filter((other) => other !== row)
            if (rows.length === 0) store.history.delete(row.goal_instance_id)
            else store.history.set(row.goal_instance_id, rows)
          },
        ),
        alerts: removal(
          () => store.alerts.values(),
          (alert, limit) => before(alert.ended_at, limit),
          DAYS.alerts,
          ({ alert_id }) => store.alerts.delete(alert_id),
        ),
      })
    }),
  )
}

const lineOf = (
  log_id: string,
  letter: { readonly dlq_id: string; readonly goal_instance_id: string; readonly failure_count: number },
): AuditLine => ({
  log_id,
  action: "dlq_expired",
  operator: "system",
  goal_instance_id: letter.goal_instance_id,
  reason: "nobody took care of it within 7 days",
  action_metadata: { dlq_ids: [letter.dlq_id], failure_count: letter.failure_count },
})
