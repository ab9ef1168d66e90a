/** The dead letters' units of work on Postgres. */
import { PgClient } from "@effect/sql-pg"
import { DeadLetter, DeadLetterState, type RedriveFilter } from "@stint/domain/scheduler/DeadLetters"
import { DlqId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { ErrorType } from "@stint/domain/scheduler/Runs"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { type SqlError, SqlSchema } from "effect/sql"
import { auditWrites } from "../Audit/Repo.ts"
import { Millis } from "../Model.ts"
import { startOf } from "../Queue/Pace.ts"
import { Nudge } from "../Nudge.ts"
import { Queue } from "../Queue.ts"
import { CAUSES, type DeadLetterQuery, DeadLettersRepo, type RetryResult } from "./Repo.ts"

/** The layer of `DeadLettersRepo` on Postgres. */
export const layerPg = Layer.effect(
  DeadLettersRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const audit = yield* auditWrites
    const { lockGoals, requeue } = yield* Queue
    const nudge = (yield* Nudge).inTransaction
    const Row = Schema.Struct({
      dlq_id: DlqId,
      goal_instance_id: GoalInstanceId,
      hired_instance_id: HiredInstanceId,
      error_type: Schema.NullOr(ErrorType),
      error_message: Schema.NullOr(Schema.String),
      stack_trace: Schema.NullOr(Schema.String),
      fingerprint: Schema.String,
      failure_count: Schema.Int,
      first_failed_at: Millis,
      last_failed_at: Millis,
      expires_at: Millis,
      retry_count: Schema.Int,
      state: DeadLetterState,
      scheduled_run_ids: Schema.Array(ScheduledRunId),
    })
    const toLetter = ({ expires_at, first_failed_at, last_failed_at, ...row }: typeof Row.Type) =>
      DeadLetter.make({
        ...row,
        first_failed_at: DateTime.makeUnsafe(first_failed_at),
        last_failed_at: DateTime.makeUnsafe(last_failed_at),
        expires_at: DateTime.makeUnsafe(expires_at),
      })
    const select = sql`select d.dlq_id, d.goal_instance_id, d.hired_instance_id, d.error_type, d.error_message,
          d.stack_trace, d.fingerprint, d.failure_count, d.first_failed_at, d.last_failed_at, d.expires_at, d.retry_count, d.state,
          coalesce((select array_agg(r.scheduled_run_id order by r.scheduled_time) from scheduled_goal_runs r
            where r.dlq_id = d.dlq_id), '{}') as scheduled_run_ids
        from scheduler_dlq d`
    const conditions = (f: RedriveFilter & { readonly state?: DeadLetterState }) => [
      sql`true`,
      ...(f.state === undefined ? [] : [sql`d.state = ${f.state}`]),
      ...(f.goal_instance_id === undefined ? [] : [sql`d.goal_instance_id = ${f.goal_instance_id}`]),
      ...(f.hired_instance_id === undefined ? [] : [sql`d.hired_instance_id = ${f.hired_instance_id}`]),
      ...(f.error_type === undefined ? [] : [sql`d.error_type = ${f.error_type}`]),
      ...(f.fingerprint === undefined ? [] : [sql`d.fingerprint = ${f.fingerprint}`]),
    ]
    const at = sql`date_trunc('milliseconds', d.last_failed_at)`
    const list = SqlSchema.findAll({
      Request: Schema.Any,
      Result: Row,
      execute: (q: DeadLetterQuery) =>
        sql`${select} where ${
          sql.and([
            ...conditions(q),
            ...(q.after === undefined ? [] : [sql`(${at}, d.dlq_id) < (${new Date(q.after[0])}, ${q.after[1]})`]),
          ])
        } order by ${at} desc, d.dlq_id desc limit ${q.limit}`,
    })
    const find = SqlSchema.findOneOption({
      Request: Schema.String,
      Result: Row,
      execute: (id) => sql`${select} where d.dlq_id = ${id}`,
    })
    const stateOf = (id: string) =>
      sql<{ state: DeadLetterState; goal_instance_id: string }>`
        select state, goal_instance_id from scheduler_dlq where dlq_id = ${id} for update`

    const causes = SqlSchema.findAll({
      Request: Schema.String,
      Result: Schema.Struct({
        fingerprint: Schema.String,
        error_type: Schema.NullOr(ErrorType),
        error_message: Schema.NullOr(Schema.String),
        example: DlqId,
        entries: Schema.Int,
        runs: Schema.Int,
        first_failed_at: Millis,
        last_failed_at: Millis,
      }),
      execute: (state) =>
        sql`with entries as (
              select d.*, (select count(*) from scheduled_goal_runs r where r.dlq_id = d.dlq_id) as runs
              from scheduler_dlq d where d.state = ${state}
            ), causes as (
              select fingerprint, count(*)::int as entries, sum(runs)::int as runs, min(first_failed_at) as first_failed_at
              from entries group by fingerprint
            ), latest as (
              select distinct on (fingerprint) fingerprint, error_type, error_message, dlq_id as example, last_failed_at
              from entries order by fingerprint, last_failed_at desc, dlq_id desc
            )
            select * from causes join latest using (fingerprint)
            order by entries desc, last_failed_at desc, fingerprint limit ${CAUSES}`,
    })

    /** Queues the dead runs of entries whose goals are locked, oldest first; by their entries. */
    const queueRuns = Effect.fnUntraced(function* (entries: ReadonlyArray<string>, per_minute: number | undefined) {
      const dead = yield* sql<{ scheduled_run_id: string; dlq_id: string; now: Date }>`
        select scheduled_run_id, dlq_id, now() as now from scheduled_goal_runs
        where dlq_id = any(${entries}::varchar[]) and status = 'cancelled' order by scheduled_time, scheduled_run_id`
      if (dead.length === 0) return { dlq_ids: new Set<string>(), runs: 0, last_start: null }
      const starts = dead.map(({ now }, nth) => startOf(now.getTime(), nth, per_minute))
      yield* requeue(
        dead.map(({ scheduled_run_id }, nth) => ({ scheduled_run_id, claimable_at: starts[nth]! })),
      )
      return { dlq_ids: new Set(dead.map((run) => run.dlq_id)), runs: dead.length, last_start: starts.at(-1)! }
    })

    /** Before the entries themselves, in the order in which whoever settles runs takes them: goal, then dead letter. */
    const lockGoalsOf = Effect.fnUntraced(function* (entries: ReadonlyArray<string>) {
      const goals = yield* sql<{ goal_instance_id: string }>`
        select distinct goal_instance_id from scheduler_dlq where dlq_id = any(${entries}::varchar[])`
      yield* lockGoals(goals.map((row) => row.goal_instance_id))
    })

    return DeadLettersRepo.of({
      list: (query) => Effect.orDie(Effect.map(list(query), (rows) => rows.map(toLetter))),
      find: (id) => Effect.orDie(Effect.map(find(id), Option.map(toLetter))),
      causes: (state) =>
        Effect.orDie(Effect.map(
          causes(state),
          (rows) =>
            rows.map(({ first_failed_at, last_failed_at, ...row }) => ({
              ...row,
              first_failed_at: DateTime.makeUnsafe(first_failed_at),
              last_failed_at: DateTime.makeUnsafe(last_failed_at),
            })),
        )),
      matching: (filter, cap) =>
        Effect.orDie(sql<{ dlq_id: string; runs: number }>`
          select d.dlq_id, (select count(*)::int from scheduled_goal_runs r
            where r.dlq_id = d.dlq_id and r.status = 'cancelled') as runs
          from scheduler_dlq d
          where ${
          sql.and(conditions({ ...filter, state: "open" }))
        } order by d.first_failed_at, d.dlq_id limit ${cap}`),
      retry: (id, line) =>
        Effect.orDie(sql.withTransaction(Effect.gen(function* (): Effect.gen.Return<RetryResult, SqlError.SqlError> {
          yield* lockGoalsOf([id])
          const [letter] = yield* stateOf(id)
          if (letter === undefined) return { _tag: "Missing" }
          if (letter.state !== "open") return { _tag: "Closed", state: letter.state }
          const { runs } = yield* queueRuns([id], undefined)
          if (runs === 0) return { _tag: "UnderWay" }
          const [counted] = yield* sql<{ retry_count: number }>`
            update scheduler_dlq set retry_count = retry_count + 1 where dlq_id = ${id} returning retry_count`
          yield* audit({ ...line, goal_instance_id: letter.goal_instance_id })
          yield* nudge
          return { _tag: "Queued", runs, retry_count: counted!.retry_count }
        }))),
      redrive: (entries, per_minute, line) =>
        Effect.orDie(sql.withTransaction(Effect.gen(function* () {
          yield* lockGoalsOf(entries)
          const open = yield* sql<{ dlq_id: string }>`
            select dlq_id from scheduler_dlq where dlq_id = any(${entries}::varchar[]) and state = 'open'
            order by dlq_id for update`
          const { dlq_ids, last_start, runs } = yield* queueRuns(open.map((row) => row.dlq_id), per_minute)
          const queued = entries.filter((id) => dlq_ids.has(id))
          if (queued.length > 0) {
            yield* sql`update scheduler_dlq set retry_count = retry_count + 1
              where dlq_id = any(${queued}::varchar[])`
            yield* audit({ ...line, action_metadata: { ...line.action_metadata, dlq_ids: queued } })
            yield* nudge
          }
          return { dlq_ids: queued, runs, last_start }
        }))),
      discard: (id, line) =>
        Effect.orDie(sql.withTransaction(Effect.gen(function* () {
          const [letter] = yield* stateOf(id)
          if (letter === undefined) return Option.none()
          if (letter.state !== "open") return Option.some(letter.state)
          yield* sql`update scheduler_dlq set state = 'discarded', closed_at = now() where dlq_id = ${id}`
          yield* audit({ ...line, goal_instance_id: letter.goal_instance_id })
          return Option.some("open" as const)
        }))),
    })
  }),
)
