/** The dead letters' units of work on Postgres. */
import { PgClient } from "@effect/sql-pg"
import { DeadLetter, DeadLetterState, type RedriveFilter } from "@stint/domain/DeadLetters"
import { DlqId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { ErrorType } from "@stint/domain/Runs"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { type SqlError, SqlSchema } from "effect/sql"
import { type AuditLine, auditWrites } from "../Audit/Repo.ts"
import { Millis } from "../Model.ts"
import { queueWrites } from "../Queue/Repo.ts"
import { type DeadLetterQuery, DeadLettersRepo, type RetryResult } from "./Repo.ts"

/** The layer of `DeadLettersRepo` on Postgres. */
export const layerPg = Layer.effect(
  DeadLettersRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const audit = yield* auditWrites
    const { lockGoals } = yield* queueWrites
    const Row = Schema.Struct({
      dlq_id: DlqId,
      goal_instance_id: GoalInstanceId,
      hired_instance_id: HiredInstanceId,
      error_type: Schema.NullOr(ErrorType),
      error_message: Schema.NullOr(Schema.String),
      stack_trace: Schema.NullOr(Schema.String),
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
          d.stack_trace, d.failure_count, d.first_failed_at, d.last_failed_at, d.expires_at, d.retry_count, d.state,
          coalesce((select array_agg(r.scheduled_run_id order by r.scheduled_time) from scheduled_goal_runs r
            where r.dlq_id = d.dlq_id), '{}') as scheduled_run_ids
        from scheduler_dlq d`
    const conditions = (f: RedriveFilter & { readonly state?: DeadLetterState }) => [
      sql`true`,
      ...(f.state === undefined ? [] : [sql`d.state = ${f.state}`]),
      ...(f.goal_instance_id === undefined ? [] : [sql`d.goal_instance_id = ${f.goal_instance_id}`]),
      ...(f.hired_instance_id === undefined ? [] : [sql`d.hired_instance_id = ${f.hired_instance_id}`]),
      ...(f.error_type === undefined ? [] : [sql`d.error_type = ${f.error_type}`]),
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

    // exempt from overlap, so not serial; the slot orders them
    const requeue = (id: string) =>
      sql<{ scheduled_run_id: string }>`
        with back as (
          update scheduled_goal_runs set status = 'pending', closed_at = null, run_metadata = run_metadata - 'reason'
          where dlq_id = ${id} and status = 'cancelled'
          returning scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time
        ), executions as (
          update goal_runs g set status = 'pending', completed_at = null from back
          where g.scheduled_run_id = back.scheduled_run_id
        )
        insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
          scheduled_time, serial, claimable_at, ready)
        select scheduled_run_id, goal_instance_id, hired_instance_id, back.customer_id, coalesce(h.agent_id, ''),
          scheduled_time, false, least(scheduled_time, now()), true
        from back left join projected_hires h using (hired_instance_id) order by scheduled_time
        returning scheduled_run_id`

    /** Before the entries themselves, in the order in which whoever settles runs takes them: goal, then dead letter. */
    const lockGoalsOf = Effect.fnUntraced(function* (entries: ReadonlyArray<string>) {
      const goals = yield* sql<{ goal_instance_id: string }>`
        select distinct goal_instance_id from scheduler_dlq where dlq_id = any(${entries}::varchar[])`
      yield* lockGoals(goals.map((row) => row.goal_instance_id))
    })

    /** One entry, whose goal is locked. */
    const retryOne = Effect.fnUntraced(
      function* (id: string, line: AuditLine | undefined): Effect.fn.Return<RetryResult, SqlError.SqlError> {
        const [letter] = yield* stateOf(id)
        if (letter === undefined) return { _tag: "Missing" }
        if (letter.state !== "open") return { _tag: "Closed", state: letter.state }
        const runs = yield* requeue(id)
        if (runs.length === 0) return { _tag: "UnderWay" }
        const [counted] = yield* sql<{ retry_count: number }>`
          update scheduler_dlq set retry_count = retry_count + 1 where dlq_id = ${id} returning retry_count`
        if (line !== undefined) yield* audit({ ...line, goal_instance_id: letter.goal_instance_id })
        return { _tag: "Queued", runs: runs.length, retry_count: counted!.retry_count }
      },
    )
    const nudge = sql`select pg_notify('stint_scheduler', '')`

    return DeadLettersRepo.of({
      list: (query) => Effect.orDie(Effect.map(list(query), (rows) => rows.map(toLetter))),
      find: (id) => Effect.orDie(Effect.map(find(id), Option.map(toLetter))),
      matching: (filter, cap) =>
        Effect.orDie(Effect.map(
          sql<{ dlq_id: string }>`select d.dlq_id from scheduler_dlq d
            where ${sql.and(conditions({ ...filter, state: "open" }))} order by d.first_failed_at limit ${cap}`,
          (rows) => rows.map((row) => row.dlq_id),
        )),
      retry: (id, line) =>
        Effect.orDie(sql.withTransaction(Effect.gen(function* () {
          yield* lockGoalsOf([id])
          const result = yield* retryOne(id, line)
          yield* nudge
          return result
        }))),
      redrive: (entries, line) =>
        Effect.orDie(sql.withTransaction(Effect.gen(function* () {
          yield* lockGoalsOf(entries)
          const queued: Array<string> = []
          for (const id of entries) if ((yield* retryOne(id, undefined))._tag === "Queued") queued.push(id)
          if (queued.length === 0) return queued
          yield* audit({ ...line, action_metadata: { ...line.action_metadata, dlq_ids: queued } })
          yield* nudge
          return queued
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
