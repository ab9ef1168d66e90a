/** Dead letters, and their ways back and out. Each action and its audit line commit together. */
import { PgClient } from "@effect/sql-pg"
import { DeadLetter, DeadLetterState, type RedriveFilter } from "@stint/domain/DeadLetters"
import { DlqId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { ErrorType } from "@stint/domain/Runs"
import { Clock, Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { type SqlError, SqlSchema } from "effect/sql"
import { type AuditLine, auditMemory, auditWrites } from "../Audit/Repo.ts"
import { RANK } from "../Engine/Fair.ts"
import { Millis } from "../Model.ts"
import { queueWrites } from "../Queue/Repo.ts"
import { Store, type StoredDeadLetter } from "../Store.ts"

/** Which entries, the latest failure first. */
export interface DeadLetterQuery extends RedriveFilter {
  readonly state?: DeadLetterState
  readonly after?: readonly [last_failed_at: number, id: string]
  readonly limit: number
}

/** What an entry's retry came to: queued so many runs, or why not. */
export type RetryResult =
  | { readonly _tag: "Queued"; readonly runs: number; readonly retry_count: number }
  | { readonly _tag: "Missing" }
  | { readonly _tag: "Closed"; readonly state: DeadLetterState }
  | { readonly _tag: "UnderWay" }

/** The dead letters' storage. */
export class DeadLettersRepo extends Context.Service<DeadLettersRepo, {
  list(query: DeadLetterQuery): Effect.Effect<ReadonlyArray<DeadLetter>>
  find(id: string): Effect.Effect<Option.Option<DeadLetter>>
  /** Open entries that a redrive would take, the oldest failure first. */
  matching(filter: RedriveFilter, cap: number): Effect.Effect<ReadonlyArray<string>>
  /** Queues all dead runs of an entry again, under their own keys, oldest first, with all their attempts. */
  retry(id: string, line: AuditLine | undefined): Effect.Effect<RetryResult>
  /** Closes an open entry; its runs stay as they are. */
  discard(id: string, line: AuditLine): Effect.Effect<Option.Option<DeadLetterState>>
  /** Retries many and writes one line of which, together; those that could be retried come back. */
  redrive(ids: ReadonlyArray<string>, line: AuditLine): Effect.Effect<ReadonlyArray<string>>
}>()("scheduler/DeadLettersRepo") {
  static readonly layerPg = Layer.effect(
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

  static readonly layerMemory = Layer.effect(
    DeadLettersRepo,
    Effect.gen(function* () {
      const store = yield* Store
      const audit = auditMemory(store)
      const runsOf = (id: string) =>
        [...store.runs.values()].filter((run) => run.dlq_id === id).sort((a, b) => a.slot - b.slot)
      const toLetter = ({ closed_at: _, ...letter }: StoredDeadLetter) =>
        DeadLetter.make({
          ...letter,
          dlq_id: letter.dlq_id as DlqId,
          goal_instance_id: letter.goal_instance_id as GoalInstanceId,
          hired_instance_id: letter.hired_instance_id as HiredInstanceId,
          stack_trace: null,
          first_failed_at: DateTime.makeUnsafe(letter.first_failed_at),
          last_failed_at: DateTime.makeUnsafe(letter.last_failed_at),
          expires_at: DateTime.makeUnsafe(letter.expires_at),
          scheduled_run_ids: runsOf(letter.dlq_id).map((run) => run.scheduled_run_id),
        })
      const matches = (letter: StoredDeadLetter, f: RedriveFilter & { readonly state?: DeadLetterState }) =>
        (f.state === undefined || letter.state === f.state) &&
        (f.goal_instance_id === undefined || letter.goal_instance_id === f.goal_instance_id) &&
        (f.hired_instance_id === undefined || letter.hired_instance_id === f.hired_instance_id) &&
        (f.error_type === undefined || letter.error_type === f.error_type)
      const retryOne = (id: string, line: AuditLine | undefined, now: number): RetryResult => {
        const letter = store.deadLetters.get(id)
        if (letter === undefined) return { _tag: "Missing" }
        if (letter.state !== "open") return { _tag: "Closed", state: letter.state }
        const runs = runsOf(id).filter((run) => run.status === "cancelled")
        if (runs.length === 0) return { _tag: "UnderWay" }
        for (const run of runs) {
          const { reason: _, ...run_metadata } = run.run_metadata
          Object.assign(run, { status: "pending", closed_at: null, run_metadata })
          if (run.execution !== null) Object.assign(run.execution, { status: "pending", completed_at: null })
          store.queue.set(run.scheduled_run_id, {
            run,
            serial: false,
            caught_up: false,
            forced: false,
            agent_id: store.hires.get(run.hired_instance_id)?.agent_id ?? "",
            rank: RANK.schedule,
            due_at: now,
            claimable_at: Math.min(run.slot, now),
            attempt: 0,
            fence: null,
            holder: null,
            claimed_at: null,
          })
        }
        letter.retry_count++
        if (line !== undefined) audit({ ...line, goal_instance_id: letter.goal_instance_id }, now)
        return { _tag: "Queued", runs: runs.length, retry_count: letter.retry_count }
      }
      return DeadLettersRepo.of({
        list: (q) =>
          Effect.sync(() =>
            [...store.deadLetters.values()]
              .filter((letter) =>
                matches(letter, q) && (q.after === undefined || letter.last_failed_at < q.after[0] ||
                  (letter.last_failed_at === q.after[0] && letter.dlq_id < q.after[1]))
              )
              .sort((a, b) => b.last_failed_at - a.last_failed_at || (a.dlq_id < b.dlq_id ? 1 : -1))
              .slice(0, q.limit).map(toLetter)
          ),
        find: (id) => Effect.sync(() => Option.map(Option.fromUndefinedOr(store.deadLetters.get(id)), toLetter)),
        matching: (filter, cap) =>
          Effect.sync(() =>
            [...store.deadLetters.values()].filter((letter) => matches(letter, { ...filter, state: "open" }))
              .sort((a, b) => a.first_failed_at - b.first_failed_at).slice(0, cap).map((letter) => letter.dlq_id)
          ),
        retry: (id, line) => Effect.map(Clock.currentTimeMillis, (now) => retryOne(id, line, now)),
        redrive: (entries, line) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const queued = entries.filter((id) => retryOne(id, undefined, now)._tag === "Queued")
            if (queued.length > 0) {
              audit({ ...line, action_metadata: { ...line.action_metadata, dlq_ids: queued } }, now)
            }
            return queued
          }),
        discard: (id, line) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const letter = store.deadLetters.get(id)
            if (letter === undefined) return Option.none()
            if (letter.state !== "open") return Option.some(letter.state)
            Object.assign(letter, { state: "discarded", closed_at: now })
            audit({ ...line, goal_instance_id: letter.goal_instance_id }, now)
            return Option.some("open" as const)
          }),
      })
    }),
  )
}
