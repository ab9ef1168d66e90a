/** The engine's units of work on Postgres. */
import { PgClient } from "@effect/sql-pg"
import { Ids } from "@stint/edge/Ids"
import { Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { ClaimedRun, GoalRow, Millis, type NewRun } from "../Model.ts"
import { queueWrites } from "../Queue/Repo.ts"
import type { Outcome } from "./Outcome.ts"
import { EngineRepo } from "./Repo.ts"

/** The key of the advisory lock between claims (shared) and pauses (exclusive). */
export const PAUSE_LOCK = 7141_001

const ofTag = <T extends Outcome["_tag"]>(outcomes: ReadonlyArray<Outcome>, tag: T) =>
  outcomes.filter((outcome): outcome is Extract<Outcome, { readonly _tag: T }> => outcome._tag === tag)

/** The layer of `EngineRepo` on Postgres. */
export const layerPg = Layer.effect(
  EngineRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const ids = yield* Ids
    const { insert, lockGoals, release } = yield* queueWrites
    // the ids of everything that is paused: few rows, read once a statement
    const paused = sql`select coalesce(array_agg(state_id), '{}') as ids from scheduler_state where status = 'paused'`
    const pausedBy = (row: string) =>
      sql.unsafe(`array['global', 'hire:' || ${row}.hired_instance_id, 'customer:' || ${row}.customer_id]::varchar[]`)

    const Due = Schema.Struct({
      ...GoalRow.fields,
      timezone: Schema.String,
      serial: Schema.Int,
      waiting: Schema.Int,
      now: Millis,
    })
    const lockDue = SqlSchema.findAll({
      Request: Schema.Int,
      Result: Schema.Struct({ goal_instance_id: Schema.String }),
      execute: (limit) =>
        sql`select g.goal_instance_id from projected_goals g, (${paused}) p
            where g.due_at <= now() and not (p.ids && ${pausedBy("g")})
            order by g.due_at limit ${limit} for update of g skip locked`,
    })
    // after the lock, in a statement of its own, so that it sees what the lock waited for
    const readDue = SqlSchema.findAll({
      Request: Schema.Array(Schema.String),
      Result: Due,
      execute: (goals) =>
        sql`select g.*, h.timezone, now() as now,
              (select count(*)::int from run_queue q where q.goal_instance_id = g.goal_instance_id and q.serial) as serial,
              (select count(*)::int from run_queue q where q.goal_instance_id = g.goal_instance_id and q.serial
                and q.claimable_at is null and not q.caught_up) as waiting
            from projected_goals g join projected_hires h using (hired_instance_id)
            where g.goal_instance_id = any(${goals}::varchar[]) and g.due_at <= now()`,
    })
    const iso = (millis: number | null) => millis === null ? null : new Date(millis).toISOString()

    const materialise = Effect.fnUntraced(
      function* (limit: number, plan: Parameters<EngineRepo["Service"]["materialise"]>[1]) {
        const locked = yield* lockDue(limit)
        if (locked.length === 0) return 0
        const due = yield* readDue(locked.map((row) => row.goal_instance_id))
        const runs: Array<NewRun> = []
        const nexts: Array<{ id: string; next_slot: string | null; due_at: string | null }> = []
        const missed: Array<{ id: string; from: string | null; to: string | null; reason: string }> = []
        for (const { now, serial, timezone, waiting, ...goal } of due) {
          const decided = plan({ goal, timezone, open: { serial, waiting } }, now)
          for (const { caught_up, outcome, reason, serial, slot } of decided.slots) {
            runs.push({
              scheduled_run_id: (yield* ids.next("SCH")) as NewRun["scheduled_run_id"],
              goal_instance_id: goal.goal_instance_id,
              hired_instance_id: goal.hired_instance_id,
              customer_id: goal.customer_id,
              slot,
              origin: "schedule",
              request_id: null,
              run_metadata: reason === undefined ? {} : { reason },
              ...(outcome === "skipped"
                ? {}
                : { queue: { serial, caught_up, forced: false, claimable_at: outcome === "waits" ? null : now } }),
            })
          }
          if (decided.range !== undefined) {
            const { from, reason, to } = decided.range
            missed.push({ id: goal.goal_instance_id, from: iso(from), to: iso(to), reason })
          }
          const { due_at, next_slot } = decided.next
          nexts.push({ id: goal.goal_instance_id, next_slot: iso(next_slot), due_at: iso(due_at) })
        }
        if (runs.length > 0) yield* insert(runs)
        if (missed.length > 0) {
          yield* sql`insert into missed_slots (goal_instance_id, from_slot, to_slot, reason)
            select id, "from", "to", reason from json_to_recordset(${JSON.stringify(missed)}::json)
              as x (id varchar, "from" timestamptz, "to" timestamptz, reason varchar)
            on conflict do nothing`
        }
        yield* sql`update projected_goals g set next_slot = x.next_slot, due_at = x.due_at
          from json_to_recordset(${JSON.stringify(nexts)}::json)
            as x (id varchar, next_slot timestamptz, due_at timestamptz)
          where g.goal_instance_id = x.id`
        return due.length
      },
      (effect) => Effect.orDie(sql.withTransaction(effect)),
    )

    const Claimed = Schema.Struct({ ...ClaimedRun.fields })
    /** The condition of a run that may be claimed, and how one statement takes those that hold it. */
    const take = (which: "alone" | "others") =>
      SqlSchema.findAll({
        Request: Schema.Any,
        Result: Claimed,
        execute: (request: Parameters<EngineRepo["Service"]["claim"]>[0]) =>
          sql`with picked as (
                select q.* from run_queue q, (${paused}) p
                where q.claimable_at <= now() and (q.forced or not (p.ids && ${pausedBy("q")}))
                  and ${
            which === "alone"
              ? sql`q.holder is not null and q.attempt >= 2 and q.attempt < ${request.maxAttempts}`
              : sql`(q.holder is null or q.attempt < 2)`
          }
                order by q.claimable_at limit ${which === "alone" ? 1 : request.limit}
                for update of q skip locked
              ), taken as (
                update run_queue q set fence = nextval('run_fence'), holder = ${request.holder}, claimed_at = now(),
                  claimable_at = now() + make_interval(secs => ${request.leaseMs / 1000}), attempt = q.attempt + 1
                from picked where q.scheduled_run_id = picked.scheduled_run_id
                returning q.*
              ), lost as (
                insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
                select scheduled_run_id, fence, attempt, claimed_at, now(), jsonb_build_object('type', 'LEASE_LOST',
                  'message', 'its holder stopped before it could say what became of it', 'attempt', attempt)
                from picked where holder is not null
              ), executions as (
                insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at, attempt)
                select replace(t.scheduled_run_id, 'SCH-', 'RUN-'), t.scheduled_run_id, t.goal_instance_id,
                  r.idempotency_key, 'running', now(), t.attempt
                from taken t join scheduled_goal_runs r using (scheduled_run_id)
                -- a slot whose run was pruned and that is triggered anew meets the execution that it had
                on conflict (idempotency_key) do update set status = 'running', started_at = now(),
                  run_id = excluded.run_id, scheduled_run_id = excluded.scheduled_run_id,
                  attempt = excluded.attempt, completed_at = null, error_details = null
              )
              select scheduled_run_id, goal_instance_id, hired_instance_id, scheduled_time, attempt, fence, claimed_at, serial
              from taken`,
      })
    const takeAlone = take("alone")
    const takeOthers = take("others")
    const findExhausted = SqlSchema.findAll({
      Request: Schema.Int,
      Result: Claimed,
      execute: (maxAttempts) =>
        sql`select scheduled_run_id, goal_instance_id, hired_instance_id, scheduled_time, attempt, fence, claimed_at, serial
            from run_queue where holder is not null and attempt >= ${maxAttempts} and claimable_at <= now()
            order by claimable_at limit 100 for update skip locked`,
    })

    const claim = Effect.fnUntraced(
      function* (request: Parameters<EngineRepo["Service"]["claim"]>[0]) {
        // the lock in a statement before the one that claims: that one then sees a pause that the lock waited for
        const [first] = yield* sql<{ lost: boolean }>`
          select exists (select from run_queue where holder is not null and claimable_at <= now() and attempt >= 2) as lost,
            pg_advisory_xact_lock_shared(${PAUSE_LOCK})`
        if (first!.lost) {
          const exhausted = yield* findExhausted(request.maxAttempts)
          if (exhausted.length > 0) yield* write(exhausted.map(asDead))
          const alone = yield* takeAlone(request)
          if (alone.length > 0) return alone
        }
        return yield* takeOthers(request)
      },
      (effect) => Effect.orDie(sql.withTransaction(effect)),
    )
    const asDead = (run: ClaimedRun): Outcome => ({
      _tag: "Dead",
      run,
      errorType: "TRANSIENT",
      error: { type: "LEASE_LOST", message: "its holder stopped before it could say what became of it" },
    })

    const Settled = Schema.Struct({ goal_instance_id: Schema.String, serial: Schema.Boolean })
    const closing = (
      rows: ReadonlyArray<{ readonly run: ClaimedRun; readonly [key: string]: unknown }>,
    ) => JSON.stringify(rows.map(({ run, ...rest }) => ({ id: run.scheduled_run_id, fence: run.fence, ...rest })))

    const complete = SqlSchema.findAll({
      Request: Schema.Any,
      Result: Settled,
      execute: (done: ReadonlyArray<Extract<Outcome, { readonly _tag: "Completed" }>>) =>
        sql`with input as (
              select * from json_to_recordset(${
          closing(done)
        }::json) as x (id varchar, fence bigint, deliverable_id varchar)
            ), gone as (
              delete from run_queue q using input i where q.scheduled_run_id = i.id and q.fence = i.fence
              returning q.scheduled_run_id, q.goal_instance_id, q.serial, q.claimed_at, i.deliverable_id
            ), runs as (
              update scheduled_goal_runs r set status = 'completed', completed_at = now(), closed_at = now()
              from gone where r.scheduled_run_id = gone.scheduled_run_id
              returning r.dlq_id
            ), executions as (
              update goal_runs g set status = 'completed', completed_at = now(), deliverable_id = gone.deliverable_id,
                duration_ms = (extract(epoch from clock_timestamp() - gone.claimed_at) * 1000)::int
              from gone where g.scheduled_run_id = gone.scheduled_run_id
            ), letters as (
              update scheduler_dlq d set state = 'resolved', closed_at = now()
              where d.state = 'open' and d.dlq_id in (select dlq_id from runs)
            )
            select goal_instance_id, serial from gone`,
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
              update run_queue q set fence = null, holder = null, claimed_at = null,
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
              update run_queue q set fence = null, holder = null, claimed_at = null, attempt = q.attempt - 1,
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
        for (const [goal, outcomes] of byGoal) {
          const last = outcomes.at(-1)!
          const [letter] = yield* sql<{ dlq_id: string }>`
            insert into scheduler_dlq as d (dlq_id, goal_instance_id, hired_instance_id, error_type, error_message,
              failure_count, first_failed_at, last_failed_at, expires_at)
            values (${yield* ids.next("DLQ")}, ${goal}, ${last.run.hired_instance_id}, ${last.errorType},
              ${`${last.error.type}: ${last.error.message}`}, ${outcomes.length}, now(), now(), now() + interval '7 days')
            on conflict (goal_instance_id) where state = 'open' do update set
              error_type = excluded.error_type, error_message = excluded.error_message,
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
      let settled = 0
      const completed = ofTag(outcomes, "Completed")
      if (completed.length > 0) settled += (yield* complete(completed)).length
      const again = ofTag(outcomes, "Retry")
      if (again.length > 0) settled += (yield* retry(again)).length
      const back = ofTag(outcomes, "HandBack")
      if (back.length > 0) settled += (yield* handBack(back)).length
      const gone = ofTag(outcomes, "Gone")
      if (gone.length > 0) settled += (yield* end(gone)).length
      const dead = ofTag(outcomes, "Dead")
      if (dead.length > 0) {
        const ended = new Set(
          (yield* end(
            dead.map(({ error, run }) => ({ run, error, reason: `dead-lettered: ${error.type}: ${error.message}` })),
          ))
            .map((row) => row.scheduled_run_id),
        )
        settled += ended.size
        yield* bookDeadLetters(dead.filter(({ run }) => ended.has(run.scheduled_run_id)))
      }
      return { settled, released: yield* release(goals) }
    })

    const Wake = Schema.Struct({ ms: Schema.NullOr(Schema.Finite) })
    const wake = SqlSchema.findOne({
      Request: Schema.Void,
      Result: Wake,
      execute: () =>
        sql`select (extract(epoch from least(
              (select due_at from projected_goals g where due_at is not null and not (p.ids && ${pausedBy("g")})
                order by due_at limit 1),
              (select claimable_at from run_queue q where claimable_at is not null
                and (q.forced or not (p.ids && ${pausedBy("q")})) order by claimable_at limit 1)
            ) - now()) * 1000)::float8 as ms from (${paused}) p`,
    })

    return EngineRepo.of({
      materialise,
      claim,
      renew: (runs, leaseMs) =>
        Effect.orDie(Effect.map(
          sql<{ fence: bigint }>`update run_queue q set claimable_at = now() + make_interval(secs => ${leaseMs / 1000})
            from json_to_recordset(${closing(runs.map((run) => ({ run })))}::json) as x (id varchar, fence bigint)
            where q.scheduled_run_id = x.id and q.fence = x.fence returning q.fence`,
          (rows) => new Set(rows.map((row) => Number(row.fence))),
        )),
      settle: (outcomes) => Effect.orDie(sql.withTransaction(write(outcomes))),
      wakeIn: () => Effect.orDie(Effect.map(wake(), ({ ms }) => ms ?? undefined)),
      sweep: () =>
        Effect.orDie(sql.withTransaction(Effect.gen(function* () {
          const stuck = yield* sql<{ goal_instance_id: string }>`
            select distinct goal_instance_id from run_queue w where claimable_at is null and not exists (
              select from run_queue o where o.goal_instance_id = w.goal_instance_id and o.serial
                and o.claimable_at is not null)`
          const goals = stuck.map((row) => row.goal_instance_id)
          if (goals.length === 0) return 0
          yield* lockGoals(goals)
          return yield* release(goals)
        }))),
    })
  }),
)
