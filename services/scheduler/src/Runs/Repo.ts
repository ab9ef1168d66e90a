/** The SQL of runs as people read them, and of their cancellation. */
import { PgClient } from "@effect/sql-pg"
import { LAST_AMONG, MOST_COUNTED, RunCounts, type RunStatus } from "@stint/domain/scheduler/Runs"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Fragment } from "effect/sql/Statement"
import type { Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { Millis } from "../Model.ts"
import { actionLogWriter } from "../ActionLog/Repo.ts"
import type { NewActionRow } from "../ActionLog/Row.ts"
import type { Cancellation } from "../Model.ts"
import { Queue } from "../Queue.ts"
import { areSomeUnrecorded, type Recorded } from "../Queue/Repo/Unrecorded.ts"
import { LastRunFilter, LastRunRow, RunCountFilter, RunFilter, RunRow } from "./Row.ts"

const Place = Schema.Struct({
  scheduled_time: Millis,
  scheduled_run_id: Schema.String,
  /** Whether the list lacks runs, which stood in the queue alone when it was read. */
  unrecorded: Schema.Boolean,
})

const GoalPlace = Schema.Struct({ goal_instance_id: Schema.String })

/** How often a list is read at most until it lacks no run. Of all that falls due some always begin: they are younger than it. */
const LOOKS = 3

/** The runs' storage. */
export class RunsRepo extends Context.Service<RunsRepo, {
  /** The latest slots first. */
  list(filter: RunFilter): Effect.Effect<Taken<RunRow, typeof Place.Type>>
  /** Of each goal the last that ended: what ends is recorded, so the queue has none of them. */
  last(filter: LastRunFilter): Effect.Effect<Taken<LastRunRow, typeof GoalPlace.Type>>
  /** How many are in each status, up to `MOST_COUNTED`. */
  counts(filter: RunCountFilter): Effect.Effect<RunCounts>
  /** A run; of `customer_id` alone where that is given. */
  find(id: string, customer_id?: string): Effect.Effect<Option.Option<RunRow>>
  /** The same in the caller's transaction, which has seen to it that the run is recorded. */
  read(id: string): Effect.Effect<Option.Option<RunRow>>
  /** Cancels a live run and writes its line; false when it is final or there is none. */
  cancel(id: string, why: Cancellation, line: NewActionRow): Effect.Effect<boolean>
}>()("scheduler/RunsRepo") {
  static readonly layer = Layer.effect(
    RunsRepo,
    Effect.gen(function* () {
      const queue = yield* Queue
      const counts = yield* counting
      const { find, last, list } = yield* reads
      return RunsRepo.of({
        list: Effect.fnUntraced(function* (filter) {
          const which = recordedOf(filter)
          let taken = yield* list(filter)
          for (let looks = 1; looks < LOOKS && taken.entries[0]?.key.unrecorded !== false; looks++) {
            const wrote = yield* queue.record(which)
            if (!wrote && taken.entries.length === 0) break
            taken = yield* list(filter)
          }
          return taken
        }, Effect.orDie),
        last: (filter) => Effect.orDie(last(filter)),
        counts: (filter) => Effect.orDie(counts(filter)),
        find: Effect.fnUntraced(function* (id, customer) {
          const request = { id, ...(customer === undefined ? {} : { customer }) }
          const found = yield* find(request)
          if (Option.isSome(found)) return found
          yield* queue.record({ runs: [id] })
          return yield* find(request)
        }, Effect.orDie),
        read: (id) => Effect.orDie(find({ id })),
        cancel: yield* cancelling,
      })
    }),
  )
}

/** The runs that a list may hold, as narrow as its filter. */
const recordedOf = (
  filter: Pick<RunFilter, "customer_id" | "goal_instance_id" | "hired_instance_id">,
): Recorded =>
  filter.goal_instance_id !== undefined
    ? { goals: [filter.goal_instance_id] }
    : filter.hired_instance_id !== undefined
    ? { hire: filter.hired_instance_id }
    : filter.customer_id !== undefined
    ? { customer: filter.customer_id }
    : "all"

/** What a person sees of a run: of `r`, and of its row in the queue, `q`. */
const statusOf = (sql: PgClient.PgClient) => sql`run_status(r.status, r.reason_code, q.state, q.attempt)`

/**
 * The status that is shown, in the words of the indexes: of what is final the table says all, and a condition more would
 * make the planner expect few rows, and have several workers read ahead.
 */
const shows = (sql: PgClient.PgClient, shown: RunStatus) => {
  switch (shown) {
    case "completed":
      return sql`r.status = 'completed'`
    case "cancelled":
      return sql`r.status = 'cancelled' and r.reason_code is distinct from 'dead_lettered'`
    case "dead_lettered":
      return sql`r.status = 'cancelled' and r.reason_code = 'dead_lettered'`
    default:
      return sql`r.status = 'pending' and ${statusOf(sql)} = ${shown}`
  }
}

/** Which runs a filter lets through, of the table of runs or of the queue, as `r`. */
const conditions = (sql: PgClient.PgClient, f: typeof RunCountFilter.Encoded) => [
  ...(f.customer_id === undefined ? [] : [sql`r.customer_id = ${f.customer_id}`]),
  ...(f.goal_instance_id === undefined ? [] : [sql`r.goal_instance_id = ${f.goal_instance_id}`]),
  ...(f.hired_instance_id === undefined ? [] : [sql`r.hired_instance_id = ${f.hired_instance_id}`]),
  ...(f.from === undefined ? [] : [sql`r.scheduled_time >= ${f.from}`]),
  ...(f.to === undefined ? [] : [sql`r.scheduled_time < ${f.to}`]),
]

/** Counts by status. */
const counting = Effect.map(PgClient.PgClient, (sql) => {
  // what is final: as many rows of an index as are counted, where there are that many
  const final = (shown: "completed" | "cancelled" | "dead_lettered", f: typeof RunCountFilter.Encoded) =>
    sql`(select count(*)::int from (select from scheduled_goal_runs r
          where ${sql.and([shows(sql, shown), ...conditions(sql, f)])} limit ${MOST_COUNTED}) of_status) as ${
      sql(shown)
    }`
  // what is under way: the queue has it, also before the table of runs does
  const live = (shown: "pending" | "running" | "retrying") =>
    sql`least(count(*) filter (where status = ${shown}), ${MOST_COUNTED})::int as ${sql(shown)}`
  return SqlSchema.findOne({
    Request: RunCountFilter,
    Result: RunCounts,
    execute: (f) =>
      sql`select ${live("pending")}, ${live("running")}, ${live("retrying")}, ${final("completed", f)},
            ${final("cancelled", f)}, ${final("dead_lettered", f)}
          from (select run_status('pending', null, r.state, r.attempt) as status from run_queue r
            where ${sql.and([sql`true`, ...conditions(sql, f)])}) in_queue`,
  })
})

const reads = Effect.map(PgClient.PgClient, (sql) => {
  const status = statusOf(sql)
  const millis = (column: string) => sql.unsafe(`floor(extract(epoch from ${column}) * 1000)::int8`)
  const select = (more: Fragment, making: Fragment = sql`null::jsonb`) =>
    sql`select ${making} as making, ${more}, r.scheduled_run_id, r.goal_instance_id, r.hired_instance_id,
        nullif(r.customer_id, '') as customer_id,
        (select agent_id from projected_hires h where h.hired_instance_id = r.hired_instance_id) as agent_id,
        r.scheduled_time, r.origin, ${status} as status, r.run_metadata ->> 'reason' as reason, r.reason_code,
        r.run_metadata ->> 'cancelled_by' as cancelled_by, r.run_metadata ->> 'cancel_reason' as cancel_reason,
        r.idempotency_key, g.run_id, g.deliverable_id, coalesce(q.attempt, g.attempt, 0) as attempt,
        case when q.state <> 'held' then q.claimable_at end as next_attempt_at, g.started_at, g.completed_at as ended_at,
        (select coalesce(json_agg(json_build_object('attempt', a.attempt, 'started_at', ${millis("a.started_at")},
            'ended_at', ${millis("a.ended_at")}, 'error_details', a.error_details) order by a.fence), '[]')
          from run_attempts a where a.scheduled_run_id = r.scheduled_run_id) as failed_attempts
      from scheduled_goal_runs r
      left join run_queue q using (scheduled_run_id)
      left join goal_runs g using (scheduled_run_id)`
  const underway = sql`(select m.making from run_makings m
      where m.scheduled_run_id = r.scheduled_run_id and m.fence = q.fence and q.state = 'held')`
  return {
    list: findReadable(sql, {
      what: "runs",
      Request: RunFilter,
      Key: Place,
      Result: RunRow,
      query: (f) =>
        sql`${select(sql`${areSomeUnrecorded(sql, recordedOf(f))} as unrecorded`)} where ${
          sql.and([
            sql`true`,
            ...conditions(sql, f),
            ...(f.status === undefined ? [] : [shows(sql, f.status)]),
            // asked row by row, in the order of the index: a join could be planned as a sort of all runs of the type
            ...(f.agent_id === undefined ? [] : [
              sql`(select agent_id from projected_hires h where h.hired_instance_id = r.hired_instance_id) = ${f.agent_id}`,
            ]),
            ...(f.late_over_seconds === undefined ? [] : [sql`coalesce(least((select min(started_at) from run_attempts a
                    where a.scheduled_run_id = r.scheduled_run_id), g.started_at), r.closed_at, now())
                  > r.scheduled_time + make_interval(secs => ${f.late_over_seconds})`]),
            ...(f.after === undefined
              ? []
              : [sql`(r.scheduled_time, r.scheduled_run_id) < (${f.after[0]}, ${f.after[1]})`]),
          ])
        } order by r.scheduled_time desc, r.scheduled_run_id desc limit ${f.limit}`,
    }),
    last: findReadable(sql, {
      what: "runs",
      Request: LastRunFilter,
      Key: GoalPlace,
      Result: LastRunRow,
      // the goals first: ordered and limited as one, they could be read in the order of all goals until so many are found
      query: (f) =>
        sql`with of_whom as materialized (
              select g.goal_instance_id, g.enabled
              from projected_goals g join projected_hires h using (hired_instance_id) where ${
          sql.and([
            ...(f.customer_id === undefined ? [] : [sql`h.customer_id = ${f.customer_id}`]),
            ...(f.hired_instance_id === undefined ? [] : [sql`g.hired_instance_id = ${f.hired_instance_id}`]),
            ...(f.goal_instance_id === undefined ? [] : [sql`g.goal_instance_id = ${f.goal_instance_id}`]),
            ...(f.after === undefined ? [] : [sql`g.goal_instance_id > ${f.after}`]),
          ])
        }), lasts as (
              select w.enabled, l.scheduled_run_id
              from of_whom w cross join lateral (
                select s.scheduled_run_id, s.status from (
                  select e.scheduled_run_id, e.status, e.reason_code, e.scheduled_time from scheduled_goal_runs e
                  where e.goal_instance_id = w.goal_instance_id order by e.scheduled_time desc limit ${LAST_AMONG}) s
                where s.status = 'completed' or (s.status = 'cancelled' and s.reason_code = 'dead_lettered')
                order by s.scheduled_time desc limit 1) l
              where ${
          f.status === undefined ? sql`true` : sql`l.status = ${f.status === "completed" ? "completed" : "cancelled"}`
        } order by w.goal_instance_id limit ${f.limit})
            ${select(sql`l.enabled`)} join lasts l using (scheduled_run_id) order by r.goal_instance_id`,
    }),
    find: SqlSchema.findOneOption({
      Request: Schema.Struct({ id: Schema.String, customer: Schema.optionalKey(Schema.String) }),
      Result: RunRow,
      execute: ({ customer, id }) =>
        sql`${select(sql`false as unrecorded`, underway)} where r.scheduled_run_id = ${id} and ${
          customer === undefined ? sql`true` : sql`r.customer_id = ${customer}`
        }`,
    }),
  }
})

const cancelling = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const queue = yield* Queue
  const writeLine = yield* actionLogWriter
  const goalOf = SqlSchema.findOneOption({
    Request: Schema.String,
    Result: Schema.Struct({ goal_instance_id: Schema.String }),
    execute: (id) => sql`select goal_instance_id from run_queue where scheduled_run_id = ${id}`,
  })
  return Effect.fnUntraced(
    function* (id: string, why: Cancellation, line: NewActionRow) {
      const run = yield* goalOf(id)
      if (Option.isNone(run)) return false
      const goals = [run.value.goal_instance_id]
      yield* queue.lockGoals(goals)
      const cancelled = yield* queue.cancel({ scheduled_run_id: id }, why)
      if (cancelled.length === 0) return false
      yield* queue.releaseNext(goals)
      yield* writeLine(line)
      return true
    },
    (effect) => Effect.orDie(sql.withTransaction(effect)),
  )
})
