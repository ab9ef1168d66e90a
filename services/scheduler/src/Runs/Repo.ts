/** Runs as people read them, and their cancellation. */
import { PgClient } from "@effect/sql-pg"
import { DeliverableId, GoalInstanceId, HiredInstanceId, RunId, ScheduledRunId } from "@stint/domain/Ids"
import { ErrorDetails, Run, RunOrigin, RunStatus } from "@stint/domain/scheduler/Runs"
import { Clock, Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { type AuditLine, auditMemory, auditWrites } from "../Audit/Repo.ts"
import { runIdOf } from "../Engine/Repo.ts"
import { keyOf, Millis } from "../Model.ts"
import { memoryWrites, queueWrites } from "../Queue/Repo.ts"
import { Store, type StoredRun } from "../Store.ts"
import { statusOf as derived } from "./Status.ts"

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
  cancel(id: string, reason: string, line: AuditLine): Effect.Effect<boolean>
}>()("scheduler/RunsRepo") {
  static readonly layerPg = Layer.effect(
    RunsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { cancel, lockGoals, release } = yield* queueWrites
      const audit = yield* auditWrites
      const Row = Schema.Struct({
        scheduled_run_id: ScheduledRunId,
        goal_instance_id: GoalInstanceId,
        hired_instance_id: HiredInstanceId,
        scheduled_time: Millis,
        origin: RunOrigin,
        status: RunStatus,
        reason: Schema.NullOr(Schema.String),
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
      const status = sql`case
          when r.status = 'completed' then 'completed'
          when r.status = 'cancelled' and r.dlq_id is not null then 'dead_lettered'
          when r.status = 'cancelled' then 'cancelled'
          when q.holder is not null then 'running'
          when q.attempt > 0 then 'retrying'
          else 'pending' end`
      const select = sql`select r.scheduled_run_id, r.goal_instance_id, r.hired_instance_id, r.scheduled_time, r.origin,
            ${status} as status, r.run_metadata->>'reason' as reason, r.idempotency_key, g.run_id, g.deliverable_id,
            coalesce(q.attempt, g.attempt, 0) as attempt,
            case when q.holder is null then q.claimable_at end as next_attempt_at,
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
        cancel: (id, reason, line) =>
          Effect.orDie(sql.withTransaction(Effect.gen(function* () {
            const [run] = yield* sql<{ goal_instance_id: string }>`
              select goal_instance_id from run_queue where scheduled_run_id = ${id}`
            if (run === undefined) return false
            yield* lockGoals([run.goal_instance_id])
            const gone = yield* cancel({ scheduled_run_id: id }, reason)
            if (gone.length === 0) return false
            yield* release([run.goal_instance_id])
            yield* audit(line)
            return true
          }))),
      })
    }),
  )

  static readonly layerMemory = Layer.effect(
    RunsRepo,
    Effect.gen(function* () {
      const store = yield* Store
      const { cancel, release } = memoryWrites(store)
      const audit = auditMemory(store)
      const statusOf = (run: StoredRun): RunStatus => {
        const queued = store.queue.get(run.scheduled_run_id)
        return derived({
          status: run.status,
          dead: run.dlq_id !== null,
          held: queued !== undefined && queued.holder !== null,
          attempt: queued?.attempt ?? 0,
        })
      }
      const when = (millis: number | null | undefined) =>
        millis === null || millis === undefined ? null : DateTime.makeUnsafe(millis)
      const toRun = (run: StoredRun): Run => {
        const queued = store.queue.get(run.scheduled_run_id)
        const status = statusOf(run)
        const { execution } = run
        const last = execution !== null && (status === "running" || status === "completed")
          ? [{
            attempt: execution.attempt,
            started_at: DateTime.makeUnsafe(execution.started_at),
            ended_at: when(execution.completed_at),
            error_details: null,
          }]
          : []
        return Run.make({
          scheduled_run_id: run.scheduled_run_id,
          goal_instance_id: run.goal_instance_id,
          hired_instance_id: run.hired_instance_id,
          scheduled_time: DateTime.makeUnsafe(run.slot),
          origin: run.origin,
          status,
          reason: (run.run_metadata.reason as string | undefined) ?? null,
          idempotency_key: keyOf(run.goal_instance_id, run.slot),
          run_id: execution === null ? null : runIdOf(run.scheduled_run_id) as RunId,
          deliverable_id: (execution?.deliverable_id ?? null) as DeliverableId | null,
          attempt: queued?.attempt ?? execution?.attempt ?? 0,
          next_attempt_at: queued === undefined || queued.holder !== null ? null : when(queued.claimable_at),
          attempts: [
            ...run.attempts.map((a) => ({
              ...a,
              started_at: DateTime.makeUnsafe(a.started_at),
              ended_at: DateTime.makeUnsafe(a.ended_at),
            })),
            ...last,
          ],
        })
      }
      const before = (run: StoredRun, [slot, id]: readonly [number, string]) =>
        run.slot < slot || (run.slot === slot && run.scheduled_run_id < id)
      return RunsRepo.of({
        list: (f) =>
          Effect.sync(() =>
            [...store.runs.values()]
              .filter((run) =>
                (f.customer_id === undefined || run.customer_id === f.customer_id) &&
                (f.goal_instance_id === undefined || run.goal_instance_id === f.goal_instance_id) &&
                (f.hired_instance_id === undefined || run.hired_instance_id === f.hired_instance_id) &&
                (f.status === undefined || statusOf(run) === f.status) &&
                (f.after === undefined || before(run, f.after))
              )
              .sort((a, b) => b.slot - a.slot || (a.scheduled_run_id < b.scheduled_run_id ? 1 : -1))
              .slice(0, f.limit).map(toRun)
          ),
        find: (id, customer) =>
          Effect.sync(() => {
            const run = store.runs.get(id)
            return run === undefined || (customer !== undefined && run.customer_id !== customer)
              ? Option.none()
              : Option.some(toRun(run))
          }),
        cancel: (id, reason, line) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const gone = cancel((queued) => queued.run.scheduled_run_id === id, reason, now)
            if (gone.length === 0) return false
            release(gone.map((run) => run.goal_instance_id), now)
            audit(line, now)
            return true
          }),
      })
    }),
  )
}
