/** Retention on both storages: what is past its time goes, in batches; what lives stays, and what a person reads stays true. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { AuditRepo } from "@stint/edge/Audit/Repo"
import { Ids } from "@stint/edge/Ids"
import { runJob } from "@stint/edge/Retention"
import { Effect, Layer, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { TestClock } from "effect/testing"
import { testDatabase } from "../../../tests/support/Database.ts"
import * as ControlsMemory from "../src/Controls/MemoryRepo.ts"
import * as ControlsPg from "../src/Controls/PgRepo.ts"
import { ControlsRepo } from "../src/Controls/Repo.ts"
import * as DeadLettersMemory from "../src/DeadLetters/MemoryRepo.ts"
import * as DeadLettersPg from "../src/DeadLetters/PgRepo.ts"
import { DeadLettersRepo } from "../src/DeadLetters/Repo.ts"
import type { HistoryRow } from "../src/Projection/History.ts"
import { jobs } from "../src/Retention.ts"
import { RetentionRepo } from "../src/Retention/Repo.ts"
import { RunsRepo } from "../src/Runs/Repo.ts"
import { Store, type StoredRun } from "../src/Store.ts"
import { eventually, refused, startScheduler } from "./Harness.ts"

const DAY = 86_400_000
const NOW = Date.parse("2026-11-24T12:00:00.000Z")

/** A run with an execution: it became final so many days ago, or lives. */
interface Run {
  readonly name: string
  readonly status: "pending" | "completed" | "cancelled"
  readonly days: number
  readonly dlq?: string
}
/** A dead letter that first failed so many days ago, and was closed so many days ago. */
interface Letter {
  readonly name: string
  readonly failed: number
  readonly closed?: number
}

const letters: ReadonlyArray<Letter> = [
  { name: "young", failed: 6.9 },
  { name: "overdue", failed: 7.1 },
  { name: "closed", failed: 12, closed: 6.9 },
  { name: "long-closed", failed: 20, closed: 7.1 },
]
const runs: ReadonlyArray<Run> = [
  { name: "live", status: "pending", days: 400 },
  { name: "good-29", status: "completed", days: 29 },
  { name: "good-31", status: "completed", days: 31 },
  { name: "good-91", status: "completed", days: 91 },
  { name: "cancelled-31", status: "cancelled", days: 31 },
  { name: "dead-of-young", status: "cancelled", days: 31, dlq: "young" },
  { name: "dead-of-overdue", status: "cancelled", days: 7, dlq: "overdue" },
  { name: "dead-of-long-closed", status: "cancelled", days: 20, dlq: "long-closed" },
]

/** What goals did, each row as it began so many days ago: what ended 90 days ago goes, never the last row of a live goal. */
const histories: ReadonlyArray<{ readonly goal: string; readonly days: number; readonly deleted?: true }> = [
  { goal: "edited-long-ago", days: 200 },
  { goal: "edited-long-ago", days: 95 },
  { goal: "edited-lately", days: 95 },
  { goal: "edited-lately", days: 85 },
  { goal: "untouched", days: 400 },
  { goal: "deleted-long-ago", days: 120 },
  { goal: "deleted-long-ago", days: 91, deleted: true },
  { goal: "deleted-lately", days: 100 },
  { goal: "deleted-lately", days: 89, deleted: true },
]
const keptHistory = [
  "deleted-lately 100",
  "deleted-lately 89",
  "edited-lately 85",
  "edited-lately 95",
  "edited-long-ago 95",
  "untouched 400",
]

/** Does all jobs in their order, and again, which finds nothing; how many rows each removed. */
const clean = Effect.gen(function* () {
  const all = yield* jobs
  const gone = yield* Effect.forEach(all, (job) => Effect.map(job.remove(500), (n) => [job.name, n] as const))
  assert.isTrue((yield* Effect.forEach(all, (job) => job.remove(500))).every((n) => n === 0))
  return Object.fromEntries(gone)
})

const look = Effect.gen(function* () {
  const read = yield* RunsRepo
  const dead = yield* DeadLettersRepo
  const { actions } = yield* ControlsRepo
  const left = yield* read.list({ limit: 200 })
  return {
    runs: Object.fromEntries(left.map((run) => [run.scheduled_run_id.slice(4), run.status])),
    letters: Object.fromEntries((yield* dead.list({ limit: 200 })).map((l) => [l.dlq_id.slice(4), l.state])),
    actions: (yield* actions({ limit: 10 })).map(({ action, goal_instance_id, operator }) => ({
      action,
      goal_instance_id,
      operator,
    })),
  }
})

const expected = {
  runs: {
    "live": "pending",
    "good-29": "completed",
    "dead-of-young": "dead_lettered",
    "dead-of-overdue": "dead_lettered",
    "dead-of-long-closed": "dead_lettered",
  },
  letters: { "young": "open", "overdue": "expired", "closed": "discarded" },
  actions: [{ action: "dlq_expired", goal_instance_id: "GOI-overdue", operator: "system" }],
}

describe("retention on memory", () => {
  const layer = Layer.mergeAll(
    RetentionRepo.layerMemory,
    RunsRepo.layerMemory,
    DeadLettersMemory.layerMemory,
    ControlsMemory.layerMemory,
    AuditRepo.layerMemory,
  ).pipe(Layer.provideMerge([Store.layer, Ids.layer]))

  it.effect("removes what is past its time, and nothing that lives", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(NOW)
      const store = yield* Store
      for (const { closed, failed, name } of letters) {
        store.deadLetters.set(`DLQ-${name}`, {
          dlq_id: `DLQ-${name}`,
          goal_instance_id: `GOI-${name}`,
          hired_instance_id: "HAI-1",
          error_type: "PERMANENT",
          error_message: "said the test",
          fingerprint: "3f9c0a417be2",
          failure_count: 1,
          first_failed_at: NOW - failed * DAY,
          last_failed_at: NOW - failed * DAY,
          expires_at: NOW - (failed - 7) * DAY,
          retry_count: 0,
          state: closed === undefined ? "open" : "discarded",
          closed_at: closed === undefined ? null : NOW - closed * DAY,
        })
      }
      for (const { days, dlq, name, status } of runs) {
        const run: StoredRun = {
          scheduled_run_id: `SCH-${name}` as never,
          goal_instance_id: `GOI-${name}` as never,
          hired_instance_id: "HAI-1" as never,
          customer_id: "acme" as never,
          slot: NOW - days * DAY,
          origin: "schedule",
          request_id: null,
          run_metadata: {},
          status,
          dlq_id: dlq === undefined ? null : `DLQ-${dlq}`,
          closed_at: status === "pending" ? null : NOW - days * DAY,
          execution: null,
          attempts: [],
        }
        store.runs.set(run.scheduled_run_id, run)
        if (status === "pending") {
          store.queue.set(run.scheduled_run_id, {
            run,
            serial: true,
            caught_up: false,
            forced: false,
            agent_id: "gardening.v1",
            rank: 2,
            due_at: NOW,
            claimable_at: run.slot,
            attempt: 0,
            fence: null,
            holder: null,
            claimed_at: null,
          })
        }
      }
      for (const { days, deleted = false, goal } of histories) {
        const row: HistoryRow = {
          goal_instance_id: `GOI-${goal}` as never,
          hired_instance_id: "HAI-1" as never,
          customer_id: "acme" as never,
          valid_from: NOW - days * DAY,
          frequency: "daily",
          schedule: {},
          default_at: null,
          timezone: "UTC",
          runs: !deleted,
          reason: deleted ? "the goal was deleted" : null,
          deleted,
        }
        store.history.set(`GOI-${goal}`, [...store.history.get(`GOI-${goal}`) ?? [], row])
      }
      assert.deepInclude(yield* clean, {
        "scheduler_dlq, open to expired": 1,
        scheduler_dlq: 1,
        scheduled_goal_runs: 3,
        goal_history: 3,
      })
      const left = [...store.history.values()].flat()
      assert.deepStrictEqual(
        left.map((row) => `${row.goal_instance_id.slice(4)} ${(NOW - row.valid_from) / DAY}`).sort(),
        keptHistory,
      )
      assert.deepStrictEqual(yield* look, expected as never)
    }).pipe(Effect.provide(layer)))
})

describe("retention on postgres", () => {
  const layer = Layer.mergeAll(
    RetentionRepo.layerPg,
    RunsRepo.layerPg,
    DeadLettersPg.layerPg,
    ControlsPg.layerPg,
    AuditRepo.layerPg,
  ).pipe(Layer.provide(Ids.layer), Layer.provideMerge(testDatabase("scheduler")))

  it.live("removes what is past its time, and nothing that lives, by any number of replicas at once", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      for (const { closed, failed, name } of letters) {
        yield* sql`insert into scheduler_dlq (dlq_id, goal_instance_id, hired_instance_id, fingerprint, first_failed_at,
            last_failed_at, expires_at, state, closed_at)
          select ${`DLQ-${name}`}, ${`GOI-${name}`}, 'HAI-1', '3f9c0a417be2', f, f, f + interval '7 days',
            ${closed === undefined ? "open" : "discarded"}, now() - ${closed ?? null}::float8 * interval '1 day'
          from (select now() - ${failed}::float8 * interval '1 day' as f) x`
      }
      for (const { days, dlq, name, status } of runs) {
        yield* sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
            scheduled_time, created_at, status, completed_at, closed_at, idempotency_key, dlq_id)
          select ${`SCH-${name}`}, ${`GOI-${name}`}, 'HAI-1', 'acme', at, at, ${status},
            case when ${status} = 'completed' then at end, case when ${status} <> 'pending' then at end,
            ${name}, ${dlq === undefined ? null : `DLQ-${dlq}`}
          from (select now() - ${days}::float8 * interval '1 day' as at) x`
        const ran = status === "pending" ? "running" : status === "completed" ? "completed" : "failed"
        yield* sql`insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at,
            completed_at, deliverable_id)
          select ${`RUN-${name}`}, ${`SCH-${name}`}, ${`GOI-${name}`}, ${name}, ${ran}, at,
            case when ${ran} <> 'running' then at end, case when ${ran} = 'completed' then 'DEL-1' end
          from (select now() - ${days}::float8 * interval '1 day' as at) x`
        yield* sql`insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
          values (${`SCH-${name}`}, 1, 1, now(), now(), '{"type": "TRANSPORT", "message": "said the test", "attempt": 1}')`
        if (status === "pending") {
          yield* sql`insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
              scheduled_time, serial, claimable_at)
            values (${`SCH-${name}`}, ${`GOI-${name}`}, 'HAI-1', 'acme', now(), true, now())`
        }
      }
      for (const days of [89, 91]) {
        yield* sql`insert into missed_slots (goal_instance_id, from_slot, to_slot, reason, recorded_at)
          values (${`GOI-${days}`}, now(), now(), 'down', now() - ${days} * interval '1 day')`
        yield* sql`insert into scheduler_alerts (alert_id, kind, subject, begun_at, ended_at, details)
          values (${`ALR-${days}`}, 'pending', 'all', now() - interval '1 year', now() - ${days} * interval '1 day', '{}')`
        yield* sql`insert into gateway_audit_logs (id, correlation_id, timestamp, service, request_id, http_method,
            endpoint, status_code, total_latency_ms)
          select gen_random_uuid(), repeat('a', 32), now() - ${days} * interval '1 day', 'scheduler', 'r', 'GET', '/x',
            200, 1 from generate_series(1, 1200)`
      }
      for (const { days, deleted = false, goal } of histories) {
        yield* sql`insert into goal_history (goal_instance_id, hired_instance_id, customer_id, valid_from, frequency,
            schedule, timezone, runs, reason, deleted)
          values (${`GOI-${goal}`}, 'HAI-1', 'acme', now() - ${days} * interval '1 day', 'daily', '{}', 'UTC',
            ${!deleted}, ${deleted ? "the goal was deleted" : null}, ${deleted})`
      }
      const before = yield* Effect.flatMap(
        jobs,
        Effect.forEach((job) => Effect.map(job.expired, (n) => [job.name, n] as const)),
      )
      const all = yield* jobs
      const both = yield* Effect.all([0, 1].map(() => Effect.forEach(all, runJob)), { concurrency: "unbounded" })
      const gone = Object.fromEntries(all.map(({ name }, i) => [name, both[0]![i]! + both[1]![i]!]))
      assert.deepStrictEqual(gone, Object.fromEntries(before))
      assert.deepStrictEqual(gone, {
        "scheduler_dlq, open to expired": 1,
        "scheduler_dlq": 1,
        "scheduled_goal_runs": 3,
        "goal_runs": 1,
        "missed_slots": 1,
        "goal_history": 3,
        "scheduler_alerts": 1,
        "gateway_audit_logs": 1200,
      })
      assert.deepStrictEqual(yield* look, expected as never)
      assert.deepStrictEqual(
        yield* sql`select substr(goal_instance_id, 5) || ' ' || round(extract(epoch from now() - valid_from) / 86400) as row
          from goal_history order by 1`,
        keptHistory.map((row) => ({ row })),
      )
      const [left] = yield* sql`select
        (select array_agg(substr(run_id, 5) order by run_id) from goal_runs) as executions,
        (select count(*)::int from run_attempts) as attempts,
        (select count(*)::int from run_queue) as live`
      assert.deepStrictEqual(left, {
        executions: runs.map(({ name }) => name).filter((name) => name !== "good-91").sort(),
        attempts: 5,
        live: 1,
      })
    }).pipe(Effect.provide(layer)))
})

describe("a slot whose run was pruned", () => {
  it("is run anew under its key when an operator triggers it, and its execution is the one that it had", async () => {
    const t = await startScheduler("postgres")
    const goal = t.goal(t.hire().hired_instance_id)
    const trigger = async () => {
      const body = { scheduled_time: "2026-03-01T09:00:00.000Z" }
      const { json } = await eventually(
        () => t.call("POST", `/trigger/${goal.goal_instance_id}`, { body }),
        ({ status }) => status === 202,
        "it is triggered",
      )
      const path = `/runs/${json.scheduled_run_id}`
      return await eventually(() => t.call("GET", path), (run) => run.json.status === "completed", "it is completed")
    }
    const first = await trigger()
    const asOwner = (statement: string) =>
      Effect.runPromise(
        PgClient.makeClient({ url: Redacted.make(t.database!.ownerUrl) }).pipe(
          Effect.flatMap((sql) => sql.unsafe(statement)),
          Effect.scoped,
          Effect.provide(Reactivity.layer),
        ),
      )
    await asOwner("delete from scheduled_goal_runs")
    assert.strictEqual((await t.call("GET", `/runs/${first.json.scheduled_run_id}`)).status, 404)
    const second = await trigger()
    assert.strictEqual(second.json.idempotency_key, first.json.idempotency_key)
    assert.notStrictEqual(second.json.scheduled_run_id, first.json.scheduled_run_id)
    assert.deepStrictEqual(await asOwner("select run_id, scheduled_run_id, status from goal_runs"), [
      { run_id: second.json.run_id, scheduled_run_id: second.json.scheduled_run_id, status: "completed" },
    ])
    await t.stop()
  })
})

describe("a dead letter that expired", () => {
  it("can't be retried; a run of its goal that dies later is in a new entry", async () => {
    const t = await startScheduler("postgres")
    const goal = t.goal(t.hire().hired_instance_id)
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 400, "invalid_request"))))
    const letters = async (count: number) =>
      (await eventually(
        () => t.call("GET", `/dlq?goal_instance_id=${goal.goal_instance_id}`),
        ({ json }) => json.items.length === count,
        `${count} dead letters`,
      )).json.items
    t.request(goal)
    const [first] = await letters(1)
    const client = PgClient.layer({ url: Redacted.make(t.database!.url), maxConnections: 1 })
    const gone = await Effect.runPromise(
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        yield* sql`update scheduler_dlq set expires_at = now()`
        return yield* (yield* RetentionRepo).expiring.remove(10)
      }).pipe(Effect.provide(RetentionRepo.layerPg.pipe(Layer.provide(Ids.layer), Layer.provideMerge(client)))),
    )
    assert.strictEqual(gone, 1)
    const refusal = await t.call("POST", `/dlq/${first.dlq_id}/retry`)
    assert.deepStrictEqual([refusal.status, refusal.json.code, refusal.json.state], [
      409,
      "dead_letter_closed",
      "expired",
    ])
    const line = (await t.call("GET", "/actions/system")).json.items[0]
    assert.deepInclude(line, { action: "dlq_expired", operator: "system", goal_instance_id: goal.goal_instance_id })
    assert.deepStrictEqual(line.action_metadata.dlq_ids, [first.dlq_id])
    t.request(goal)
    const both = await letters(2)
    assert.deepStrictEqual(
      both.map((l: { state: string; failure_count: number }) => [l.state, l.failure_count]),
      [["open", 1], ["expired", 1]],
    )
    const runs = (await t.call("GET", `/runs?goal_instance_id=${goal.goal_instance_id}`)).json.items
    assert.deepStrictEqual(runs.map((run: { status: string }) => run.status), ["dead_lettered", "dead_lettered"])
    await t.stop()
  })
})
