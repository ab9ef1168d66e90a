/** The queue of live runs as every feature that writes to it needs it: make runs, cancel runs. Called inside a unit. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { iso, keyOf, type NewRun } from "../Model.ts"
import { RANK } from "../Engine/Fair.ts"
import type { QueuedRun, Store, StoredRun } from "../Store.ts"

/** The rank of a run that was never tried. */
const rankOf = (run: NewRun): number =>
  run.queue?.forced ? RANK.forced : run.origin === "manual" || run.origin === "trigger" ? RANK.person : RANK.schedule

/** A run's row for json_to_recordset, instants as text. */
const rowOf = (run: NewRun, dlq_id: string | null = null) => ({
  scheduled_run_id: run.scheduled_run_id,
  goal_instance_id: run.goal_instance_id,
  hired_instance_id: run.hired_instance_id,
  customer_id: run.customer_id,
  scheduled_time: new Date(run.slot).toISOString(),
  origin: run.origin,
  idempotency_key: keyOf(run.goal_instance_id, run.slot),
  request_id: run.request_id,
  run_metadata: run.run_metadata,
  dlq_id,
  queued: run.queue !== undefined,
  serial: run.queue?.serial ?? false,
  caught_up: run.queue?.caught_up ?? false,
  forced: run.queue?.forced ?? false,
  rank: rankOf(run),
  due_at: iso(run.queue?.due_at),
  claimable_at: iso(run.queue?.claimable_at),
})

/** The statements on Postgres. A slot or request that has a run already makes none. */
export const queueWrites = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const Made = Schema.Struct({ scheduled_run_id: Schema.String })

  const insert = SqlSchema.findAll({
    Request: Schema.Any,
    Result: Made,
    execute: (runs: ReadonlyArray<NewRun>) =>
      sql`with input as (
            select * from json_to_recordset(${JSON.stringify(runs.map((run) => rowOf(run)))}::json) as x (
              scheduled_run_id varchar, goal_instance_id varchar, hired_instance_id varchar, customer_id varchar,
              scheduled_time timestamptz, origin varchar, idempotency_key varchar, request_id varchar,
              run_metadata jsonb, queued boolean, serial boolean, caught_up boolean, forced boolean, rank smallint,
              due_at timestamptz, claimable_at timestamptz)
          ), made as (
            insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
              scheduled_time, created_at, status, origin, idempotency_key, request_id, run_metadata, closed_at)
            select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, now(),
              case when queued then 'pending' else 'cancelled' end, origin, idempotency_key, request_id, run_metadata,
              case when queued then null else now() end
            from input
            on conflict do nothing
            returning scheduled_run_id
          ), queued as (
            insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
              scheduled_time, serial, caught_up, forced, rank, due_at, claimable_at, ready)
            select i.scheduled_run_id, i.goal_instance_id, i.hired_instance_id, i.customer_id, coalesce(h.agent_id, ''),
              i.scheduled_time, i.serial, i.caught_up, i.forced, i.rank,
              coalesce(i.due_at, greatest(i.claimable_at, now())), i.claimable_at, coalesce(i.claimable_at <= now(), false)
            from input i join made using (scheduled_run_id) left join projected_hires h using (hired_instance_id)
            where i.queued
          )
          select scheduled_run_id from made`,
  })

  /** Ends live runs that a condition picks, as cancelled for a reason; their ids come back. */
  const cancel = (
    where: { readonly goal_instance_id: string } | { readonly hired_instance_id: string } | {
      readonly scheduled_run_id: string
    },
    reason: string,
    onlyUnclaimedSlots = false,
  ) =>
    Effect.map(
      sql<{ readonly scheduled_run_id: string; readonly goal_instance_id: string }>`
        with gone as (
          delete from run_queue q using scheduled_goal_runs r
          where r.scheduled_run_id = q.scheduled_run_id
            and ${
        "goal_instance_id" in where
          ? sql`q.goal_instance_id = ${where.goal_instance_id}`
          : "hired_instance_id" in where
          ? sql`q.hired_instance_id = ${where.hired_instance_id}`
          : sql`q.scheduled_run_id = ${where.scheduled_run_id}`
      }
            and (${!onlyUnclaimedSlots} or (q.holder is null and q.attempt = 0 and r.origin = 'schedule'))
          returning q.scheduled_run_id, q.goal_instance_id, q.claimed_at
        ), runs as (
          update scheduled_goal_runs r set status = 'cancelled', closed_at = now(),
            run_metadata = r.run_metadata || jsonb_build_object('reason', ${reason}::text)
          from gone where r.scheduled_run_id = gone.scheduled_run_id
        ), executions as (
          update goal_runs g set status = 'failed', completed_at = now(),
            error_details = jsonb_build_object('type', 'CANCELLED', 'message', ${reason}::text, 'attempt', g.attempt)
          from gone where g.scheduled_run_id = gone.scheduled_run_id
        )
        select scheduled_run_id, goal_instance_id from gone`,
      (rows) => rows.map((row) => ({ scheduled_run_id: row.scheduled_run_id, goal_instance_id: row.goal_instance_id })),
    )

  /** The next serial run of each goal that has none under way may start now; how many. */
  const release = (goals: ReadonlyArray<string>) =>
    goals.length === 0 ? Effect.succeed(0) : Effect.map(
      sql<{ readonly scheduled_run_id: string }>`
          update run_queue set claimable_at = now(), ready = true, due_at = greatest(due_at, now()) where scheduled_run_id in (
            select distinct on (w.goal_instance_id) w.scheduled_run_id from run_queue w
            where w.goal_instance_id = any(${goals}::varchar[]) and w.serial and w.claimable_at is null
              and not exists (select from run_queue o where o.goal_instance_id = w.goal_instance_id
                and o.serial and o.claimable_at is not null)
            order by w.goal_instance_id, w.scheduled_time)
          returning scheduled_run_id`,
      (rows) => rows.length,
    )

  /** Serialises with whoever else decides over these goals' runs; in a statement of its own, so that the next one sees. */
  const lockGoals = (goals: ReadonlyArray<string>) =>
    sql`select goal_instance_id from projected_goals where goal_instance_id = any(${goals}::varchar[])
        order by goal_instance_id for update`

  return { insert, cancel, release, lockGoals }
})

/** The same over the memory store. */
export const memoryWrites = (store: Store["Service"]) => {
  const insert = (runs: ReadonlyArray<NewRun>, now: number): ReadonlyArray<string> =>
    runs.flatMap((run) => {
      const taken = store.runs.values().some((r) =>
        (r.goal_instance_id === run.goal_instance_id && r.slot === run.slot) ||
        (run.request_id !== null && r.request_id === run.request_id)
      )
      if (taken) return []
      const { queue, ...row } = run
      const stored: StoredRun = {
        ...row,
        status: queue === undefined ? "cancelled" : "pending",
        dlq_id: null,
        closed_at: queue === undefined ? now : null,
        execution: null,
        attempts: [],
      }
      store.runs.set(run.scheduled_run_id, stored)
      if (queue !== undefined) {
        store.queue.set(run.scheduled_run_id, {
          run: stored,
          ...queue,
          agent_id: store.hires.get(run.hired_instance_id)?.agent_id ?? "",
          rank: rankOf(run),
          due_at: queue.due_at ?? Math.max(queue.claimable_at ?? now, now),
          attempt: 0,
          fence: null,
          holder: null,
          claimed_at: null,
        })
      }
      return [run.scheduled_run_id]
    })

  const close = (queued: QueuedRun, status: "completed" | "cancelled", now: number, reason?: string) => {
    store.queue.delete(queued.run.scheduled_run_id)
    queued.run.status = status
    queued.run.closed_at = now
    if (reason !== undefined) queued.run.run_metadata = { ...queued.run.run_metadata, reason }
    if (status === "cancelled" && queued.run.execution !== null) {
      queued.run.execution.status = "failed"
      queued.run.execution.completed_at = now
    }
  }

  const cancel = (pick: (queued: QueuedRun) => boolean, reason: string, now: number, onlyUnclaimedSlots = false) => {
    const gone = [...store.queue.values()].filter((queued) =>
      pick(queued) &&
      (!onlyUnclaimedSlots || (queued.holder === null && queued.attempt === 0 && queued.run.origin === "schedule"))
    )
    for (const queued of gone) close(queued, "cancelled", now, reason)
    return gone.map((queued) => queued.run)
  }

  const release = (goals: Iterable<string>, now: number): number => {
    let released = 0
    for (const goal of new Set(goals)) {
      const serial = [...store.queue.values()].filter((q) => q.serial && q.run.goal_instance_id === goal)
      if (serial.some((q) => q.claimable_at !== null)) continue
      const next = serial.sort((a, b) => a.run.slot - b.run.slot)[0]
      if (next !== undefined) {
        next.claimable_at = now
        next.due_at = Math.max(next.due_at, now)
        released++
      }
    }
    return released
  }
  return { insert, cancel, close, release }
}
