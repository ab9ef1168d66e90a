/** Claims, leases, fences, takeovers, poison candidates and turns, driven by hand. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { EngineRepo } from "../src/Engine/Repo.ts"
import { ProjectionRepo } from "../src/Projection/Repo.ts"
import { byOperator, Queue } from "../src/Queue.ts"
import { RunsRepo } from "../src/Runs/Repo.ts"
import {
  at,
  change,
  claim,
  database,
  done,
  goalOf,
  materialise,
  runsOf,
  type Stored,
  timePasses,
  write,
} from "./EngineHarness.ts"
import { unique } from "./Harness.ts"

describe("the queue driven by hand", () => {
  const live = (what: string, test: () => Effect.Effect<void, unknown, Stored>) =>
    it.live(what, () => test().pipe(Effect.provide(database)))

  live(
    "a due slot is made once, with its key, and the next one is set",
    Effect.fnUntraced(function* () {
      const { goal_instance_id } = yield* goalOf({ missed: "latest" }, 3)
      assert.strictEqual(yield* materialise, 1)
      assert.strictEqual(yield* materialise, 0)
      const runs = yield* runsOf(goal_instance_id)
      const live = runs.filter((run) => run.status === "pending")
      for (const run of live) {
        assert.strictEqual(run.idempotency_key, `${goal_instance_id}:${DateTime.formatIso(run.scheduled_time)}`)
      }
      const skipped = runs.filter((run) => run.status === "cancelled")
      assert.isTrue(skipped.length >= 1 && skipped.every((run) => run.reason_code === "missed_superseded"))
      const repo = yield* EngineRepo
      yield* write((yield* claim()).map(done))
      const { goal, ready, run } = yield* repo.look()
      assert.isFalse(ready)
      const wake = Math.min(goal ?? Infinity, run ?? Infinity)
      assert.isTrue(wake > 0 && wake <= 3_600_000, `wakes in ${wake}`)
    }),
  )

  live(
    "serial runs take turns: the next is released when the one before is final",
    Effect.fnUntraced(function* () {
      const { goal_instance_id } = yield* goalOf({}, 5)
      yield* materialise
      const order: Array<number> = []
      for (let turns = 0; turns < 5; turns++) {
        const runs = yield* claim()
        assert.strictEqual(runs.length, 1)
        assert.strictEqual((yield* claim()).length, 0)
        order.push(runs[0]!.scheduled_time)
        const { released, written } = yield* write(runs.map(done))
        assert.strictEqual(written, 1)
        assert.strictEqual(released, turns < 4 ? 1 : 0)
      }
      assert.deepStrictEqual(order, [...order].sort((a, b) => a - b))
      assert.isTrue((yield* runsOf(goal_instance_id)).every((run) => run.status === "completed"))
    }),
  )

  live(
    "a retry of a serial run keeps its goal's next waiting",
    Effect.fnUntraced(function* () {
      yield* goalOf({}, 3)
      yield* materialise
      const [run] = yield* claim()
      yield* write([{ _tag: "Retry", run: run!, error: { type: "X", message: "x" }, delayMs: 60_000 }])
      assert.strictEqual((yield* claim()).length, 0)
    }),
  )

  live(
    "parallel slots run side by side",
    Effect.fnUntraced(function* () {
      yield* goalOf({ overlap: "parallel" }, 5)
      yield* materialise
      assert.strictEqual((yield* claim()).length, 5)
    }),
  )

  live(
    "a lost lease is taken over under a new fence, and the old holder's outcome is discarded",
    Effect.fnUntraced(function* () {
      const { goal_instance_id } = yield* goalOf({ missed: "latest", overlap: "parallel" }, 2)
      yield* materialise
      const [lost] = yield* claim(1, 1_000, "dead")
      assert.strictEqual((yield* claim(1)).length, 0)
      yield* timePasses
      const [taken] = yield* claim(1)
      assert.strictEqual(taken!.scheduled_run_id, lost!.scheduled_run_id)
      assert.strictEqual(taken!.attempt, 2)
      assert.isTrue(taken!.fence > lost!.fence)
      assert.strictEqual((yield* write([done(lost!)])).written, 0)
      const queue = yield* Queue
      assert.strictEqual((yield* queue.renew([lost!], 10_000)).size, 0)
      assert.strictEqual((yield* queue.renew([taken!], 10_000)).size, 1)
      assert.strictEqual((yield* write([done(taken!)])).written, 1)
      assert.strictEqual((yield* write([done(taken!)])).written, 0)
      const run = (yield* runsOf(goal_instance_id)).find((r) => r.scheduled_run_id === taken!.scheduled_run_id)!
      assert.deepStrictEqual(run.attempts.map((a) => a.error_details?.type), ["LEASE_LOST", undefined])
    }),
  )

  live(
    "an attempt whose lease ends is recorded once, when a claim finds it, and the run retries",
    Effect.fnUntraced(function* () {
      const { goal_instance_id } = yield* goalOf({ overlap: "parallel" }, 1)
      yield* materialise
      yield* claim()
      const seen = Effect.map(runsOf(goal_instance_id), ([run]) => [
        run!.status,
        run!.attempts.map((attempt) => attempt.error_details?.type),
      ])
      assert.deepStrictEqual(yield* seen, ["running", [undefined]])
      yield* timePasses
      yield* claim(0)
      assert.deepStrictEqual(yield* seen, ["retrying", ["LEASE_LOST"]])
      yield* write((yield* claim()).map(done))
      assert.deepStrictEqual(yield* seen, ["completed", ["LEASE_LOST", undefined]])
    }),
  )

  live(
    "a retry takes one from the budget of retries, a takeover none",
    Effect.fnUntraced(function* () {
      const sql = yield* PgClient.PgClient
      const tokens = Effect.map(sql<{ tokens: number }>`select tokens from retry_budget`, ([row]) => row!.tokens)
      yield* goalOf({ overlap: "parallel" }, 2)
      yield* materialise
      assert.strictEqual((yield* claim()).length, 2)
      // filled in the future: it gains nothing by time
      yield* sql`update retry_budget set tokens = 5, filled_at = now() + interval '1 hour'`
      yield* timePasses
      const taken = yield* claim()
      assert.deepStrictEqual(taken.map((run) => run.attempt), [2, 2])
      assert.strictEqual(yield* tokens, 5)
      yield* write([
        { _tag: "Retry", run: taken[0]!, error: { type: "X", message: "x" }, delayMs: 0 },
        done(taken[1]!),
      ])
      assert.deepStrictEqual((yield* claim()).map((run) => run.attempt), [3])
      // and a completed run adds a fifth
      assert.closeTo(yield* tokens, 4.2, 1e-9)
    }),
  )

  live(
    "a poison candidate is claimed alone from its third attempt, and dead-lettered after its fifth",
    Effect.fnUntraced(function* () {
      const poison = yield* goalOf({ missed: "latest", overlap: "parallel" }, 2)
      yield* materialise
      yield* claim(100, 15)
      yield* timePasses
      const second = yield* claim(100, 15)
      assert.isTrue(second.length >= 1 && second.every((run) => run.attempt === 2))
      yield* write(second.slice(1).map(done))
      const neighbours = yield* goalOf({ missed: "each", overlap: "parallel" }, 3)
      yield* materialise
      yield* timePasses
      for (const attempt of [3, 4, 5]) {
        // who has others in hand takes neither it nor more of them
        assert.deepStrictEqual(yield* claim(100, 15, "busy", "wait"), [])
        const alone = yield* claim(100, 15)
        assert.deepStrictEqual(alone.map((run) => [run.goal_instance_id, run.attempt]), [[
          poison.goal_instance_id,
          attempt,
        ]])
        yield* timePasses
      }
      const others = yield* claim(100)
      assert.isTrue(others.every((run) => run.goal_instance_id === neighbours.goal_instance_id && run.attempt === 1))
      const dead = (yield* runsOf(poison.goal_instance_id)).find((run) =>
        run.scheduled_run_id === second[0]!.scheduled_run_id
      )!
      assert.strictEqual(dead.status, "dead_lettered")
      assert.strictEqual(dead.attempts.length, 5)
    }),
  )

  live(
    "a released run is not charged",
    Effect.fnUntraced(function* () {
      yield* goalOf({ missed: "latest", overlap: "parallel" }, 2)
      yield* materialise
      const [first] = yield* claim(1)
      yield* write([{ _tag: "Released", run: first!, delayMs: 0 }])
      const [again] = yield* claim(1)
      assert.strictEqual(again!.attempt, 1)
    }),
  )

  live(
    "what a cancelled run makes is discarded, and its goal's next run has its turn",
    Effect.fnUntraced(function* () {
      const { goal_instance_id } = yield* goalOf({}, 3)
      yield* materialise
      const [running] = yield* claim()
      const queue = yield* Queue
      const runs = yield* RunsRepo
      const line = {
        log_id: unique("LOG"),
        action: "run_cancel" as const,
        operator: "olga",
        goal_instance_id,
        reason: null,
        action_metadata: {},
      }
      assert.isTrue(yield* runs.cancel(running!.scheduled_run_id, byOperator("olga", undefined), line))
      assert.strictEqual((yield* queue.renew([running!], 10_000)).size, 0)
      assert.deepStrictEqual(yield* write([done(running!)]), { written: 0, released: 0 })
      const run = (yield* runsOf(goal_instance_id)).find((r) => r.scheduled_run_id === running!.scheduled_run_id)!
      assert.deepInclude(run, { status: "cancelled", reason_code: "cancelled_by_operator", deliverable_id: null })
      assert.isFalse(yield* runs.cancel(running!.scheduled_run_id, byOperator("olga", "again"), line))
      const [next] = yield* claim()
      assert.strictEqual(next!.scheduled_time, running!.scheduled_time + 60_000)
    }),
  )

  live(
    "an edit drops slots that have not begun, never manual runs",
    Effect.fnUntraced(function* () {
      const ids = yield* goalOf({ missed: "latest", spread_seconds: 0 }, 2, "cron")
      yield* materialise
      yield* change([
        {
          type: "run",
          request_id: unique("REQ"),
          ...ids,
          scheduled_time: DateTime.makeUnsafe(Date.now() + 3_600_000),
          requested_by: "acme",
        },
        {
          type: "goal",
          ...ids,
          version: 2,
          changed_at: at(0),
          deleted: false,
          enabled: false,
          frequency: "daily",
          schedule: {},
          default_at: null,
        },
      ])
      const left = (yield* runsOf(ids.goal_instance_id)).filter((run) => run.status === "pending")
      assert.deepStrictEqual(left.map((run) => run.origin), ["manual"])
    }),
  )

  live(
    "slots older than a day are recorded as a range, not run",
    Effect.fnUntraced(function* () {
      const { goal_instance_id } = yield* goalOf({ cron: "0 * * * *" }, 48 * 60)
      yield* materialise
      const runs = yield* runsOf(goal_instance_id)
      assert.isTrue(runs.length === 24 || runs.length === 25, `${runs.length} runs`)
    }),
  )

  live(
    "an older version of a change is ignored; a cursor moves once",
    Effect.fnUntraced(function* () {
      const ids = yield* goalOf({}, 3)
      yield* change([{
        type: "goal",
        ...ids,
        version: 0,
        changed_at: at(0),
        deleted: true,
        enabled: true,
        frequency: "daily",
        schedule: {},
        default_at: null,
      }])
      assert.strictEqual(yield* materialise, 1)
      const repo = yield* ProjectionRepo
      assert.isFalse(yield* repo.apply([], { after: "somewhere else", to: "9" }))
    }),
  )
})
