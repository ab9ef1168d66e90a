/** Runs as people read them, and their cancellation. */
import { PgClient } from "@effect/sql-pg"
import { DeliverableId, GoalInstanceId, HiredInstanceId, RunId, ScheduledRunId } from "@stint/domain/Ids"
import { ErrorDetails, ReasonCode, Run, RunOrigin, RunStatus } from "@stint/domain/scheduler/Runs"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { type AuditLine, auditWrites } from "../Audit/Repo.ts"
import { type Cancellation, Millis } from "../Model.ts"
import { Queue } from "../Queue.ts"

/** Which runs; `customer_id` bounds what a customer sees. */
export interface RunFilter {
  readonly customer_id?: string
  readonly goal_instance_id?: string
  readonly hired_instance_id?: string
  readonly status?: RunStatus
  readonly after?: readonly [slot: number, id: string]
  readonly limit: number
}

/** Runs. */
export class RunsRepo extends Context.Service<RunsRepo, {
  /** The latest slots first. */
  list(filter: RunFilter): Effect.Effect<ReadonlyArray<Run>>
  find(id: string, customer_id?: string): Effect.Effect<Option.Option<Run>>
  /** Cancels a live run and writes the audit line with it; false when it is final or there is none. */
  cancel(id: string, why: Cancellation, line: AuditLine): Effect.Effect<boolean>
}>()("scheduler/RunsRepo") {
  static readonly layerPg = Layer.effect(
    RunsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { cancel, lockGoals, releaseNext: release } = yield* Queue
      const audit = yield* auditWrites
      const Row = Schema.Struct({
        scheduled_run_id: ScheduledRunId,
        goal_instance_id: GoalInstanceId,
        hired_instance_id: HiredInstanceId,
        scheduled_time: Millis,
        origin: RunOrigin,
        status: RunStatus,
        reason: Schema.NullOr(Schema.String),
        reason_code: Schema.NullOr(ReasonCode),
        idempotency_key: Schema.String,
        run_id: Schema.NullOr(RunId),
        deliverable_id: Schema.NullOr(DeliverableId),
        attempt: Schema.Int,
        next_attempt_at: Schema.NullOr(Millis),
        started_at: Schema.NullOr(Millis),
        ended_at: Schema.NullOr(Millis),
        attempts: Schema.Array(Schema.Struct({
          attempt: Schema.Int,
          started_at: Schema.DateTimeUtcFromString,
          ended_at: Schema.DateTimeUtcFromString,
          error_details: ErrorDetails,
        })),
      })
      const when = (millis: number | null) => millis === null ? null : DateTime.makeUnsafe(millis)
      const toRun = (
        { attempts, ended_at, next_attempt_at, scheduled_time, started_at, ...row }: typeof Row.Type,
      ): Run => {
        // the attempt that is under way or ended well stands in goal_runs; the others in run_attempts
        const last = started_at !== null && (row.status === "running" || row.status === "completed")
          ? [{
            attempt: row.attempt,
            started_at: DateTime.makeUnsafe(started_at),
            ended_at: when(ended_at),
            error_details: null,
          }]
          : []
        return Run.make({
          ...row,
          scheduled_time: DateTime.makeUnsafe(scheduled_time),
          next_attempt_at: when(next_attempt_at),
          attempts: [...attempts, ...last],
        })
      }
      const status = sql`run_status(r.status, r.dlq_id, q.state, q.attempt)`
      const select = sql`select r.scheduled_run_id, r.goal_instance_id, r.hired_instance_id, r.scheduled_time, r.origin,
            ${status} as status, r.run_metadata->>'reason' as reason, r.reason_code, r.idempotency_key, g.run_id, g.deliverable_id,
            coalesce(q.attempt, g.attempt, 0) as attempt,
            case when q.state <> 'held' then q.claimable_at end as next_attempt_at,
            g.started_at, g.completed_at as ended_at,
            (select coalesce(json_agg(json_build_object('attempt', a.attempt, 'started_at', to_char(a.started_at at time zone 'UTC',
                'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'ended_at', to_char(a.ended_at at time zone 'UTC',
                'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'error_details', a.error_details) order by a.fence), '[]')
              from run_attempts a where a.scheduled_run_id = r.scheduled_run_id) as attempts
          from scheduled_goal_runs r
          left join run_queue q using (scheduled_run_id)
          left join goal_runs g using (scheduled_run_id)`
      const list = SqlSchema.findAll({
        Request: Schema.Any,
        Result: Row,
        execute: (f: RunFilter) =>
          sql`${select} where ${
            sql.and([
              sql`true`,
              ...(f.customer_id === undefined ? [] : [sql`r.customer_id = ${f.customer_id}`]),
              ...(f.goal_instance_id === undefined ? [] : [sql`r.goal_instance_id = ${f.goal_instance_id}`]),
              ...(f.hired_instance_id === undefined ? [] : [sql`r.hired_instance_id = ${f.hired_instance_id}`]),
              ...(f.status === undefined ? [] : [sql`${status} = ${f.status}`]),
              ...(f.after === undefined
                ? []
                : [sql`(r.scheduled_time, r.scheduled_run_id) < (${new Date(f.after[0])}, ${f.after[1]})`]),
            ])
          } order by r.scheduled_time desc, r.scheduled_run_id desc limit ${f.limit}`,
      })
      const find = SqlSchema.findOneOption({
        Request: Schema.Any,
        Result: Row,
        execute: ([id, customer]: [string, string | undefined]) =>
          sql`${select} where r.scheduled_run_id = ${id} and ${
            customer === undefined ? sql`true` : sql`r.customer_id = ${customer}`
          }`,
      })
      return RunsRepo.of({
        list: (filter) => Effect.orDie(Effect.map(list(filter), (rows) => rows.map(toRun))),
        find: (id, customer) => Effect.orDie(Effect.map(find([id, customer]), Option.map(toRun))),
        cancel: (id, why, line) =>
          Effect.orDie(sql.withTransaction(Effect.gen(function* () {
            const [run] = yield* sql<{ goal_instance_id: string }>`
              select goal_instance_id from run_queue where scheduled_run_id = ${id}`
            if (run === undefined) return false
            yield* lockGoals([run.goal_instance_id])
            const gone = yield* cancel({ scheduled_run_id: id }, why)
            if (gone.length === 0) return false
            yield* release([run.goal_instance_id])
            yield* audit(line)
            return true
          }))),
      })
    }),
  )
}
