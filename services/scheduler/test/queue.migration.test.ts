/** Script 190 on a database as it was before: rows in every table and state come up, and the engine finishes them. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { readScripts } from "@stint/cli/Scripts"
import { down, migrate } from "@stint/edge/Migrator"
import { verify } from "@stint/edge/Migrator/Verify"
import { Effect, Layer } from "effect"
import { emptyDatabase } from "../../../tests/support/Database.ts"
import { Queue } from "../src/Queue.ts"
import { claim, done, storage, timePasses, write } from "./EngineHarness.ts"

const BEFORE = "180_engine_counters"

/** A live run as it was stored before: whether it is serial, and the columns that were read together. */
interface Old {
  readonly serial?: boolean
  readonly claimable_at: string
  readonly ready?: boolean
  readonly lost?: boolean
  readonly attempt?: number
  readonly rank?: number
  readonly becomes: "waiting" | "timed" | "ready" | "held"
}

const soon = "now() + interval '1 hour'"
const past = "now() - interval '1 minute'"

/** Every combination that the engine could leave behind, by the run's name; those named `turn-` are of one goal. */
const live: Readonly<Record<string, Old>> = {
  "later": { claimable_at: soon, becomes: "timed" },
  "due": { claimable_at: past, becomes: "timed" },
  "ready": { claimable_at: past, ready: true, becomes: "ready" },
  "forced": { claimable_at: past, ready: true, rank: 0, becomes: "ready" },
  "backing-off": { claimable_at: soon, attempt: 2, rank: 3, becomes: "timed" },
  "released": { claimable_at: past, attempt: 1, rank: 2, becomes: "timed" },
  "held": { claimable_at: soon, lost: true, attempt: 1, becomes: "held" },
  "lease-ended": { claimable_at: past, lost: true, attempt: 1, becomes: "held" },
  "lease-ended-and-ready": { claimable_at: past, ready: true, lost: true, attempt: 1, becomes: "ready" },
  "poison": { claimable_at: past, lost: true, attempt: 3, becomes: "held" },
  "exhausted": { claimable_at: past, lost: true, attempt: 5, becomes: "held" },
  "turn-1": { serial: true, claimable_at: past, ready: true, becomes: "ready" },
  "turn-2": { serial: true, claimable_at: "null", becomes: "waiting" },
  "turn-3": { serial: true, claimable_at: "null", becomes: "waiting" },
}

/** Cancelled runs by the words of their reason, the error of their execution, and the code that they get. */
const cancelled: ReadonlyArray<readonly [words: string | null, error: string | null, code: string]> = [
  ["overlap: a run of this goal is open", null, "overlap_open"],
  ["overlap: a run of this goal waits already", null, "overlap_waiting"],
  ["missed: a later slot runs instead", null, "missed_superseded"],
  ["missed: the goal skips missed slots", null, "missed_skipped"],
  ["the goal was deleted", null, "goal_deleted"],
  ["the goal was switched off", null, "goal_disabled"],
  ["cancelled by olga", "CANCELLED", "cancelled_by_operator"],
  ["cancelled by olga: not: today", "CANCELLED", "cancelled_by_operator"],
  ["dead-lettered: X: y", "X", "dead_lettered"],
  ["The subscription is not active: past due", "subscription_not_active", "subscription_not_active"],
  ["the subscription was canceled", null, "hire_not_runnable"],
  ["from before the run queue", null, "predates_queue"],
  [null, null, "predates_queue"],
]

const fill = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const goalOf = (name: string) => `GOI-${name.replace(/^turn-.*/, "turn")}`
  yield* sql`insert into projected_hires (hired_instance_id, customer_id, agent_id, timezone, runnable, version, changed_at)
    values ('HAI-1', 'acme', 'a', 'UTC', true, 1, now())`
  for (const goal of new Set(Object.keys(live).map(goalOf))) {
    yield* sql`insert into projected_goals (goal_instance_id, hired_instance_id, customer_id, version, changed_at, enabled,
      frequency, schedule) values (${goal}, 'HAI-1', 'acme', 1, now(), true, 'on_demand', '{}')`
  }
  for (const [nth, [name, old]] of Object.entries(live).entries()) {
    const id = `SCH-${name}`
    const { attempt = 0, lost = false, rank = 2, ready = false, serial = false } = old
    yield* sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
        scheduled_time, created_at, status, idempotency_key)
      values (${id}, ${goalOf(name)}, 'HAI-1', 'acme', now() - make_interval(secs => ${
      100 - nth
    }), now(), 'pending', ${name})`
    yield* sql`insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
        scheduled_time, serial, forced, rank, due_at, attempt, ready, claimable_at, holder, fence, claimed_at)
      values (${id}, ${goalOf(name)}, 'HAI-1', 'acme', 'a', now() - make_interval(secs => ${100 - nth}), ${serial}, ${
      rank === 0
    }, ${rank}, now(), ${attempt}, ${ready}, ${sql.unsafe(old.claimable_at)},
        ${lost ? "gone" : null}, ${lost ? nth + 1 : null}, ${sql.unsafe(lost ? past : "null")})`
    if (attempt > 0) {
      yield* sql`insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at, attempt)
        values (${`RUN-${name}`}, ${id}, ${goalOf(name)}, ${name}, ${lost ? "running" : "pending"}, now(), ${attempt})`
    }
  }
  for (const [nth, [words, error]] of cancelled.entries()) {
    yield* sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
        scheduled_time, created_at, closed_at, status, idempotency_key, run_metadata)
      values (${`SCH-cancelled-${nth}`}, 'GOI-old', 'HAI-1', 'acme', now() - make_interval(hours => ${nth}), now(), now(),
        'cancelled', ${`old:${nth}`}, ${sql.json(words === null ? {} : { reason: words })})`
    if (error === null) continue
    yield* sql`insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at,
        completed_at, error_details)
      values (${`RUN-cancelled-${nth}`}, ${`SCH-cancelled-${nth}`}, 'GOI-old', ${`old:${nth}`}, 'failed', now(), now(),
        ${sql.json({ type: error, message: words!, attempt: 1 })})`
  }
  yield* sql`insert into missed_slots (goal_instance_id, from_slot, to_slot, reason)
    values ('GOI-1', now(), now(), 'older than 24 h'), ('GOI-2', now(), now(), 'the schedule can''t be evaluated: x')`
})

/** A database with the schema of before, filled, and migrated. */
const migrated = Layer.unwrap(Effect.gen(function* () {
  const { migrateUrl: url, runtimeRole } = yield* emptyDatabase("scheduler")
  const files = yield* Effect.promise(() => readScripts("scheduler"))
  const target = { service: "scheduler", url, runtimeRole, files } as const
  const client = PgClient.layer({ url, maxConnections: 4 })
  yield* migrate({ ...target, files: files.filter(({ name }) => !/^(19\d|[2-9]\d\d)_|^grants/.test(name)) })
  yield* Effect.provide(fill, client)
  yield* migrate(target)
  assert.deepStrictEqual((yield* verify(target)).filter(({ ok }) => !ok), [])
  // down and up once more: what the script before knew of is kept
  yield* down({ ...target, to: BEFORE })
  yield* migrate(target)
  return client
}))

describe("a database of before the queue's states", () => {
  it.live("is migrated row by row, and the engine finishes what is in its queue", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const states = yield* sql<{ id: string; state: string }>`select scheduled_run_id as id, state from run_queue`
      assert.deepStrictEqual(
        Object.fromEntries(states.map(({ id, state }) => [id, state])),
        Object.fromEntries(Object.entries(live).map(([name, { becomes }]) => [`SCH-${name}`, becomes])),
      )
      assert.deepStrictEqual(
        yield* sql`select scheduled_run_id, attempt, fence::int, error_details ->> 'type' as type from run_attempts`,
        [{ scheduled_run_id: "SCH-lease-ended-and-ready", attempt: 1, fence: 9, type: "LEASE_LOST" }],
      )
      assert.deepStrictEqual(
        yield* sql`select name, sum(value)::int as value from engine_counters group by name`,
        [{ name: "takeovers", value: 1 }],
      )
      const codes = yield* sql<{ code: string; by: string | null; why: string | null }>`
        select reason_code as code, run_metadata ->> 'cancelled_by' as by, run_metadata ->> 'cancel_reason' as why
        from scheduled_goal_runs where status = 'cancelled' order by scheduled_time desc`
      assert.deepStrictEqual(codes.map(({ code }) => code), cancelled.map(([, , code]) => code))
      assert.deepStrictEqual(codes.filter(({ by }) => by !== null).map(({ by, why }) => [by, why]), [
        ["olga", null],
        ["olga", "not: today"],
      ])
      assert.deepStrictEqual(
        (yield* sql<{ code: string }>`select reason_code as code from missed_slots order by goal_instance_id`)
          .map(({ code }) => code),
        ["too_old", "schedule_invalid"],
      )

      const order: Array<string> = []
      for (let claims = 0; claims < 20; claims++) {
        yield* timePasses
        const runs = yield* claim()
        order.push(...runs.map((run) => run.scheduled_run_id))
        yield* write(runs.map(done))
      }
      assert.deepStrictEqual(yield* sql`select scheduled_run_id, state from run_queue`, [])
      assert.strictEqual(new Set(order).size, order.length)
      assert.deepStrictEqual(
        order.toSorted(),
        Object.keys(live).filter((name) => name !== "exhausted")
          .map((name) => `SCH-${name}`).toSorted(),
      )
      const turns = order.filter((id) => id.startsWith("SCH-turn-"))
      assert.deepStrictEqual(turns, ["SCH-turn-1", "SCH-turn-2", "SCH-turn-3"])
      assert.deepStrictEqual(
        yield* sql`select r.reason_code, g.status, d.state from scheduled_goal_runs r join goal_runs g using (scheduled_run_id)
          join scheduler_dlq d on d.dlq_id = r.dlq_id where r.scheduled_run_id = 'SCH-exhausted'`,
        [{ reason_code: "dead_lettered", status: "failed", state: "open" }],
      )
      assert.strictEqual(yield* (yield* Queue).releaseStuck, 0)
    }).pipe(Effect.provide(storage.pipe(Layer.provideMerge(migrated)))))
})
