/** Writes what became of claimed runs, on Postgres; every statement under the fence of the claim. */
import { PgClient } from "@effect/sql-pg"
import { Ids } from "@stint/edge/Ids"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { fingerprintOf } from "../../DeadLetters/Fingerprint.ts"
import type { ClaimedRun } from "../../Model.ts"
import { queueWrites } from "../../Queue/Repo.ts"
import { Increments } from "../Counters.ts"
import { RANK } from "../Fair.ts"
import type { Outcome } from "../Outcome.ts"
import { counterWrites } from "./Counters.ts"

const ofTag = <T extends Outcome["_tag"]>(outcomes: ReadonlyArray<Outcome>, tag: T) =>
  outcomes.filter((outcome): outcome is Extract<Outcome, { readonly _tag: T }> => outcome._tag === tag)

/** Runs as rows for `json_to_recordset`, with the fence under which alone they may be written. */
export const closing = (
  rows: ReadonlyArray<{ readonly run: ClaimedRun; readonly [key: string]: unknown }>,
): string => JSON.stringify(rows.map(({ run, ...rest }) => ({ id: run.scheduled_run_id, fence: run.fence, ...rest })))

/** `EngineRepo.settle`, to be run inside a transaction. */
export const settling = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const ids = yield* Ids
  const { lockGoals, release } = yield* queueWrites
  const count = yield* counterWrites

  const Settled = Schema.Struct({ goal_instance_id: Schema.String, serial: Schema.Boolean })

  const complete = SqlSchema.findAll({
    Request: Schema.Any,
    Result: Schema.Struct({ ...Settled.fields, seconds: Schema.Finite }),
    execute: (done: ReadonlyArray<Extract<Outcome, { readonly _tag: "Completed" }>>) =>
      sql`with input as (
            select * from json_to_recordset(${
        closing(done)
      }::json) as x (id varchar, fence bigint, deliverable_id varchar)
          ), gone as (
            delete from run_queue q using input i where q.scheduled_run_id = i.id and q.fence = i.fence
            returning q.scheduled_run_id, q.goal_instance_id, q.serial, i.deliverable_id,
              extract(epoch from clock_timestamp() - q.claimed_at)::float8 as seconds
          ), runs as (
            update scheduled_goal_runs r set status = 'completed', completed_at = now(), closed_at = now()
            from gone where r.scheduled_run_id = gone.scheduled_run_id
            returning r.dlq_id
          ), executions as (
            update goal_runs g set status = 'completed', completed_at = now(), deliverable_id = gone.deliverable_id,
              duration_ms = (gone.seconds * 1000)::int
            from gone where g.scheduled_run_id = gone.scheduled_run_id
          ), letters as (
            update scheduler_dlq d set state = 'resolved', closed_at = now()
            where d.state = 'open' and d.dlq_id in (select dlq_id from runs)
          )
          select goal_instance_id, serial, seconds from gone`,
  })
  const retry = SqlSchema.findAll({
    Request: Schema.Any,
    Result: Settled,
    execute: (rows: ReadonlyArray<Extract<Outcome, { readonly _tag: "Retry" }>>) =>
      sql`with input as (
            select * from json_to_recordset(${
        closing(rows.map(({ delayMs, error, run }) => ({ run, delay: delayMs / 1000, error })))
      }::json) as x (id varchar, fence bigint, delay float8, error jsonb)
          ), held as (
            select q.scheduled_run_id, q.fence, q.attempt, q.claimed_at, q.goal_instance_id, i.delay,
              i.error || jsonb_build_object('attempt', q.attempt) as error
            from run_queue q join input i on q.scheduled_run_id = i.id and q.fence = i.fence for update of q
          ), back as (
            update run_queue q set fence = null, holder = null, claimed_at = null, ready = false,
              rank = case when q.forced then ${RANK.forced} else ${RANK.retry} end::smallint,
              claimable_at = now() + make_interval(secs => held.delay)
            from held where q.scheduled_run_id = held.scheduled_run_id
          ), attempts as (
            insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
            select scheduled_run_id, fence, attempt, claimed_at, now(), error from held
          ), executions as (
            update goal_runs g set status = 'pending', error_details = held.error
            from held where g.scheduled_run_id = held.scheduled_run_id
          )
          select goal_instance_id, false as serial from held`,
  })
  const handBack = SqlSchema.findAll({
    Request: Schema.Any,
    Result: Settled,
    execute: (rows: ReadonlyArray<Extract<Outcome, { readonly _tag: "HandBack" }>>) =>
      sql`with input as (
            select * from json_to_recordset(${
        closing(rows.map(({ delayMs, run }) => ({ run, delay: delayMs / 1000 })))
      }::json)
              as x (id varchar, fence bigint, delay float8)
          ), back as (
            update run_queue q set fence = null, holder = null, claimed_at = null, attempt = q.attempt - 1, ready = false,
              claimable_at = now() + make_interval(secs => i.delay)
            from input i where q.scheduled_run_id = i.id and q.fence = i.fence
            returning q.scheduled_run_id, q.goal_instance_id, q.attempt
          ), executions as (
            update goal_runs g set status = 'pending', attempt = greatest(back.attempt, 1)
            from back where g.scheduled_run_id = back.scheduled_run_id
          )
          select goal_instance_id, false as serial from back`,
  })
  /** Ends runs as cancelled: for a reason, or as dead letters, which `letters` then links. */
  const end = SqlSchema.findAll({
    Request: Schema.Any,
    Result: Schema.Struct({ ...Settled.fields, scheduled_run_id: Schema.String }),
    execute: (rows: ReadonlyArray<{ readonly run: ClaimedRun; readonly reason: string; readonly error: unknown }>) =>
      sql`with input as (
            select * from json_to_recordset(${closing(rows)}::json)
              as x (id varchar, fence bigint, reason varchar, error jsonb)
          ), gone as (
            delete from run_queue q using input i where q.scheduled_run_id = i.id and q.fence = i.fence
            returning q.scheduled_run_id, q.fence, q.goal_instance_id, q.serial, q.attempt, q.claimed_at, i.reason,
              i.error || jsonb_build_object('attempt', q.attempt) as error
          ), runs as (
            update scheduled_goal_runs r set status = 'cancelled', closed_at = now(),
              run_metadata = r.run_metadata || jsonb_build_object('reason', gone.reason)
            from gone where r.scheduled_run_id = gone.scheduled_run_id
          ), attempts as (
            insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
            select scheduled_run_id, fence, attempt, claimed_at, now(), error from gone
          ), executions as (
            update goal_runs g set status = 'failed', completed_at = now(), error_details = gone.error,
              duration_ms = (extract(epoch from clock_timestamp() - gone.claimed_at) * 1000)::int
            from gone where g.scheduled_run_id = gone.scheduled_run_id
          )
          select scheduled_run_id, goal_instance_id, serial from gone`,
  })

  const bookDeadLetters = Effect.fnUntraced(
    function* (dead: ReadonlyArray<Extract<Outcome, { readonly _tag: "Dead" }>>) {
      const byGoal = Map.groupBy(dead, (outcome) => outcome.run.goal_instance_id)
      // in one order for everybody, so that two writers never wait for each other in a circle
      for (const [goal, outcomes] of [...byGoal].sort(([a], [b]) => a < b ? -1 : 1)) {
        const last = outcomes.at(-1)!
        const [letter] = yield* sql<{ dlq_id: string }>`
          insert into scheduler_dlq as d (dlq_id, goal_instance_id, hired_instance_id, error_type, error_message,
            fingerprint, failure_count, first_failed_at, last_failed_at, expires_at)
          values (${yield* ids.next("DLQ")}, ${goal}, ${last.run.hired_instance_id}, ${last.errorType},
            ${`${last.error.type}: ${last.error.message}`}, ${fingerprintOf(last.errorType, last.error)},
            ${outcomes.length}, now(), now(), now() + interval '7 days')
          on conflict (goal_instance_id) where state = 'open' do update set
            error_type = excluded.error_type, error_message = excluded.error_message,
            fingerprint = excluded.fingerprint,
            failure_count = d.failure_count + excluded.failure_count, last_failed_at = now()
          returning dlq_id`
        yield* sql`update scheduled_goal_runs set dlq_id = ${letter!.dlq_id}
          where scheduled_run_id = any(${outcomes.map((o) => o.run.scheduled_run_id)}::varchar[])`
      }
    },
  )

  const write = Effect.fnUntraced(function* (outcomes: ReadonlyArray<Outcome>) {
    const serial = outcomes.filter((outcome) =>
      outcome.run.serial && outcome._tag !== "Retry" && outcome._tag !== "HandBack"
    )
    const goals = [...new Set(serial.map((outcome) => outcome.run.goal_instance_id))]
    if (goals.length > 0) yield* lockGoals(goals)
    const counted = new Increments()
    let settled = 0
    const ended = (tag: Outcome["_tag"], rows: ReadonlyArray<unknown>) => {
      counted.outcome(tag, rows.length)
      settled += rows.length
    }
    const completed = ofTag(outcomes, "Completed")
    if (completed.length > 0) {
      const rows = yield* complete(completed)
      for (const { seconds } of rows) counted.observe("duration", seconds)
      ended("Completed", rows)
    }
    const again = ofTag(outcomes, "Retry")
    if (again.length > 0) ended("Retry", yield* retry(again))
    const back = ofTag(outcomes, "HandBack")
    if (back.length > 0) ended("HandBack", yield* handBack(back))
    const gone = ofTag(outcomes, "Gone")
    if (gone.length > 0) ended("Gone", yield* end(gone))
    const dead = ofTag(outcomes, "Dead")
    if (dead.length > 0) {
      const rows = yield* end(
        dead.map(({ error, run }) => ({ run, error, reason: `dead-lettered: ${error.type}: ${error.message}` })),
      )
      ended("Dead", rows)
      const buried = new Set(rows.map((row) => row.scheduled_run_id))
      yield* bookDeadLetters(dead.filter(({ run }) => buried.has(run.scheduled_run_id)))
    }
    const released = yield* release(goals)
    yield* count(counted)
    return { settled, released }
  })

  return write
})
