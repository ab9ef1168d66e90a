/** What is said once in SQL: running, paused, at its limit, the budget of retries, a run's status; and the lock keys. */
import { PgClient } from "@effect/sql-pg"
import { assert, it, layer } from "@effect/vitest"
import { ReasonCode } from "@stint/domain/scheduler/ReasonCodes"
import { Effect } from "effect"
import * as Locks from "../src/Locks.ts"
import { testDatabase } from "../../../tests/support/Database.ts"

it("every advisory lock has a key of its own", () => {
  const keys = Object.values(Locks)
  assert.isAbove(keys.length, 2)
  assert.strictEqual(new Set(keys).size, keys.length)
})

layer(testDatabase("scheduler", { as: "owner" }), { excludeTestServices: true })("said once in SQL", (it) => {
  it.effect("a pause binds everything, a customer, or a hire; no pause binds nothing", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const isPaused = (paused: ReadonlyArray<string>, hire = "HAI-1", customer = "acme") =>
        Effect.map(
          sql<{ it: boolean }>`select is_paused(${hire}, ${customer}, ${paused}::varchar[]) as it`,
          (rows) => rows[0]!.it,
        )
      assert.isFalse(yield* isPaused([]))
      for (const id of ["global", "customer:acme", "hire:HAI-1"]) assert.isTrue(yield* isPaused(["hire:x", id]), id)
      for (const id of ["customer:HAI-1", "hire:acme", "customer:acme2", "HAI-1"]) {
        assert.isFalse(yield* isPaused([id]), id)
      }
      // as a claim asks for the parts that differ within a lane, and for all of the scheduler
      assert.isFalse(yield* isPaused(["customer:acme", "hire:HAI-1"], "", ""))
      assert.isTrue(yield* isPaused(["global"], "", ""))
    }))

  it.effect("what is paused is what has not been resumed, as rows and as one row of ids", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      assert.deepStrictEqual(yield* sql`select ids from paused_ids`, [{ ids: [] }])
      yield* sql`insert into scheduler_state (state_id, status, paused_at, paused_by, paused_reason, updated_at)
        values ('customer:bolt', 'paused', now(), 'olga', 'x', now()), ('hire:HAI-9', 'running', now(), 'olga', null, now())`
      assert.deepStrictEqual(yield* sql`select state_id, paused_by, paused_reason from paused_scopes`, [
        { state_id: "customer:bolt", paused_by: "olga", paused_reason: "x" },
      ])
      assert.deepStrictEqual(yield* sql`select ids from paused_ids`, [{ ids: ["customer:bolt"] }])
    }))

  it.effect("a subject's own limit holds over the one for all of its kind; only held runs count", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
          scheduled_time, created_at, status, idempotency_key)
        select 'SCH-limit-' || n, 'GOI-limit-' || n, 'HAI-1', 'x', now(), now(), 'pending', 'limit:' || n
        from generate_series(1, 5) n`
      yield* sql`insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
          scheduled_time, serial, claimable_at, state, holder, fence, claimed_at, attempt)
        values ('SCH-limit-1', 'GOI-limit-1', 'HAI-1', 'own', 'a', now(), false, now(), 'held', 'h', 1, now(), 1),
          ('SCH-limit-2', 'GOI-limit-2', 'HAI-1', 'own', 'a', now(), false, now(), 'held', 'h', 2, now(), 1),
          ('SCH-limit-3', 'GOI-limit-3', 'HAI-1', 'other', 'a', now(), false, now(), 'held', 'h', 3, now(), 1),
          ('SCH-limit-4', 'GOI-limit-4', 'HAI-1', 'other', 'a', now(), false, now(), 'ready', null, null, null, 1),
          ('SCH-limit-5', 'GOI-limit-5', 'HAI-1', 'idle', 'b', now(), false, now(), 'ready', null, null, null, 0)`
      yield* sql`insert into run_limits (kind, subject, max_running, set_by, updated_at)
        values ('every_customer', '*', 1, 'olga', now()), ('customer', 'own', 5, 'olga', now()),
          ('customer', 'nobody', 7, 'olga', now()), ('agent_type', 'a', 3, 'olga', now())`
      assert.deepStrictEqual(
        yield* sql`select kind, subject, max_running, running, room from limits_in_use order by kind, subject`,
        [
          { kind: "agent_type", subject: "a", max_running: 3, running: 3, room: 0 },
          { kind: "customer", subject: "nobody", max_running: 7, running: 0, room: 7 },
          { kind: "customer", subject: "other", max_running: 1, running: 1, room: 0 },
          { kind: "customer", subject: "own", max_running: 5, running: 2, room: 3 },
          { kind: "every_customer", subject: "*", max_running: 1, running: 0, room: 1 },
        ],
      )
      assert.deepStrictEqual(
        yield* sql`select scheduled_run_id from running_runs order by scheduled_run_id`,
        [1, 2, 3].map((n) => ({ scheduled_run_id: `SCH-limit-${n}` })),
      )
    }))

  it.effect("the budget of retries gains by time and by what completes, up to ten seconds' worth", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const tokens = Effect.fnUntraced(
        function* (tokens: number, secondsAgo: number, seen: number, completed: number, perSecond: number) {
          yield* sql`update retry_budget set tokens = ${tokens}, completed_seen = ${seen},
            filled_at = now() - make_interval(secs => ${secondsAgo})`
          yield* sql`delete from engine_counters`
          yield* sql`insert into engine_counters (name, label, shard, value) values ('runs', 'completed', 1, ${completed}),
            ('runs', 'completed', 2, 1), ('runs', 'retried', 1, 1000)`
          // one transaction: its clock stands
          const [row] = yield* sql<
            { tokens: number; completed_seen: bigint }
          >`select * from retry_budget_now(${perSecond})`
          assert.strictEqual(Number(row!.completed_seen), completed + 1)
          return Math.floor(row!.tokens)
        },
        (effect) => sql.withTransaction(effect),
      )
      assert.strictEqual(yield* tokens(0, 2, 100, 99, 50), 100)
      assert.strictEqual(yield* tokens(0, 0, 100, 599, 50), 100)
      assert.strictEqual(yield* tokens(0, 3_600, 100, 99, 50), 500)
      // it loses nothing when the clock or the counters go back
      assert.strictEqual(yield* tokens(5, -3_600, 100, 89, 50), 5)
    }))

  it.effect("a run's status follows from its row and its row in the queue", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const rows = yield* sql<{ status: string }>`select run_status(status, code, state, attempt) as status from (values
          (1, 'completed', null, null, null), (2, 'cancelled', 'dead_lettered', null, null),
          (3, 'cancelled', 'cancelled_by_operator', null, null), (4, 'pending', null, 'held', 1),
          (5, 'pending', null, 'ready', 1), (6, 'pending', null, 'timed', 2), (7, 'pending', null, 'timed', 0),
          (8, 'pending', null, 'waiting', 0)) as x (n, status, code, state, attempt) order by n`
      assert.deepStrictEqual(rows.map((row) => row.status), [
        "completed",
        "dead_lettered",
        "cancelled",
        "running",
        "retrying",
        "retrying",
        "pending",
        "pending",
      ])
    }))

  it.effect("the database takes exactly the reason codes of the contract, on cancelled runs alone", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const insert = (n: number, status: string, code: string | null) =>
        sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, customer_id, scheduled_time, created_at,
            status, idempotency_key, completed_at, closed_at, reason_code)
          values (${`SCH-code-${n}`}, ${`GOI-code-${n}`}, 'acme', now(), now(), ${status}, ${`code:${n}`},
            case when ${status} = 'completed' then now() end, case when ${status} <> 'pending' then now() end, ${code})`
      for (const [n, code] of ReasonCode.literals.entries()) yield* insert(n, "cancelled", code)
      yield* Effect.flip(insert(100, "cancelled", "because"))
      yield* Effect.flip(insert(101, "cancelled", null))
      yield* Effect.flip(insert(102, "completed", "dead_lettered"))
      yield* Effect.flip(insert(103, "pending", "dead_lettered"))
    }))
})
