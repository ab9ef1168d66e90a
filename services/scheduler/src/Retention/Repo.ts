/** The SQL of retention: how many rows are past their time, and their removal. Live rows (pending, running, open) are never removed. */
import { PgClient } from "@effect/sql-pg"
import { RETENTION } from "@stint/domain/Retention"
import { Ids } from "@stint/edge/Ids"
import type { RetentionJob } from "@stint/edge/Retention"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { actionLogWriter } from "../ActionLog/Repo.ts"
import type { NewActionRow } from "../ActionLog/Row.ts"

/** How many rows are past their time, and how some of them are removed. */
type Removal = Pick<RetentionJob, "expired" | "remove">

export class RetentionRepo extends Context.Service<RetentionRepo, {
  /** Open dead letters become expired after their seven days, each with its line in the action log. */
  readonly expiry: Removal
  /** Closed dead letters; their runs stay, and stay dead-lettered. */
  readonly deadLetters: Removal
  /** Final runs with their attempts, unless an open dead letter could still redrive them. */
  readonly runs: Removal
  /** Final executions. */
  readonly executions: Removal
  readonly missedSlots: Removal
  readonly droppedSlots: Removal
  /** Versions of a goal that a later one followed; the last version only when it is the deletion. */
  readonly history: Removal
  /** Alerts that ended. */
  readonly alerts: Removal
}>()("scheduler/RetentionRepo") {
  static readonly layer = Layer.effect(
    RetentionRepo,
    Effect.gen(function* () {
      const removal = yield* removals
      return RetentionRepo.of({
        expiry: yield* expiry,
        deadLetters: removal("scheduler_dlq", "closed_at", RETENTION.deadLetters),
        runs: removal(
          "scheduled_goal_runs",
          "closed_at",
          RETENTION.runs,
          "exists (select from scheduler_dlq d where d.dlq_id = t.dlq_id and d.state = 'open')",
        ),
        executions: removal("goal_runs", "completed_at", RETENTION.executions),
        droppedSlots: removal("dropped_slots", "recorded_at", RETENTION.missedSlots),
        missedSlots: removal("missed_slots", "recorded_at", RETENTION.missedSlots),
        history: yield* history,
        alerts: removal("scheduler_alerts", "ended_at", RETENTION.alerts),
      })
    }),
  )
}

const Count = Schema.Struct({ n: Schema.Int })
const countOf = <E>(row: Effect.Effect<{ readonly n: number }, E>) => Effect.orDie(Effect.map(row, ({ n }) => n))

/** Removals by age: the rows of a table whose instant `at` is older than so many days, except those of `unless`. */
const removals = Effect.map(PgClient.PgClient, (sql) => (table: string, at: string, days: number, unless = "false") => {
  const name = sql.unsafe(table)
  const old = sql`${sql.unsafe(at)} < now() - make_interval(days => ${days}) and not (${sql.unsafe(unless)})`
  const count = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Count,
    execute: () => sql`select count(*)::int as n from ${name} t where ${old}`,
  })
  const remove = SqlSchema.findOne({
    Request: Schema.Int,
    Result: Count,
    // rows that another replica has locked are left to it
    execute: (limit) =>
      sql`with gone as (delete from ${name} where ctid = any (array(
            select ctid from ${name} t where ${old} order by ${sql.unsafe(at)} limit ${limit}
            for update skip locked)) returning 1)
          select count(*)::int as n from gone`,
  })
  return { expired: Effect.suspend(() => countOf(count())), remove: (limit: number) => countOf(remove(limit)) }
})

const history = Effect.map(PgClient.PgClient, (sql): Removal => {
  // a version whose successor is itself old ended before that
  const old = sql`select goal_instance_id, valid_from from (
      select goal_instance_id, valid_from, deleted,
        lead(valid_from) over (partition by goal_instance_id order by valid_from) as ended_at
      from goal_history where valid_from < now() - make_interval(days => ${RETENTION.goalHistory})) h
    where ended_at is not null or deleted`
  const count = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Count,
    execute: () => sql`select count(*)::int as n from (${old}) o`,
  })
  const remove = SqlSchema.findOne({
    Request: Schema.Int,
    Result: Count,
    execute: (limit) =>
      sql`with gone as (
            delete from goal_history where (goal_instance_id, valid_from) in (${old} limit ${limit})
            returning 1)
          select count(*)::int as n from gone`,
  })
  return { expired: Effect.suspend(() => countOf(count())), remove: (limit) => countOf(remove(limit)) }
})

const expiry = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const ids = yield* Ids
  const writeLine = yield* actionLogWriter
  const count = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Count,
    execute: () => sql`select count(*)::int as n from scheduler_dlq where state = 'open' and expires_at <= now()`,
  })
  const expire = SqlSchema.findAll({
    Request: Schema.Int,
    Result: Schema.Struct({ dlq_id: Schema.String, goal_instance_id: Schema.String, failure_count: Schema.Int }),
    execute: (limit) =>
      sql`update scheduler_dlq set state = 'expired', closed_at = now() where dlq_id in (
            select dlq_id from scheduler_dlq where state = 'open' and expires_at <= now()
            order by expires_at limit ${limit} for update skip locked)
          returning dlq_id, goal_instance_id, failure_count`,
  })
  return {
    expired: Effect.suspend(() => countOf(count())),
    remove: Effect.fnUntraced(
      function* (limit: number) {
        const deadLetters = yield* expire(limit)
        for (const deadLetter of deadLetters) yield* writeLine(expiredLine(yield* ids.next("LOG"), deadLetter))
        return deadLetters.length
      },
      (effect) => Effect.orDie(sql.withTransaction(effect)),
    ),
  } satisfies Removal
})

const expiredLine = (
  log_id: string,
  deadLetter: { readonly dlq_id: string; readonly goal_instance_id: string; readonly failure_count: number },
): NewActionRow => ({
  log_id,
  action: "dlq_expired",
  operator: "system",
  goal_instance_id: deadLetter.goal_instance_id,
  reason: `nobody retried or discarded it within ${RETENTION.deadLetters} days`,
  action_metadata: { dlq_ids: [deadLetter.dlq_id], failure_count: deadLetter.failure_count },
})
