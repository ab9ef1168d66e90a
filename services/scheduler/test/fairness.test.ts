/** Nobody's backlog keeps another's run waiting: lanes, limits, persons first, the budget of retries. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { LimitsRepo } from "../src/Limits/Repo.ts"
import type { ClaimedRun } from "../src/Model.ts"
import { PausesRepo } from "../src/Pauses/Repo.ts"
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

/** A goal whose slots of so many minutes are all due now, side by side. */
const backlog = (customer_id: string, minutes: number, agent_id = "a") =>
  Effect.tap(
    goalOf({ overlap: "parallel" }, minutes, "cron", { customer_id, agent_id }),
    () => materialise,
  )
const limit = (kind: "customer" | "agent_type" | "every_customer", subject: string, max_running: number | null) =>
  Effect.flatMap(LimitsRepo, (repo) =>
    repo.set({ kind, subject, max_running }, {
      log_id: unique("LOG"),
      action: "limit",
      operator: "olga",
      goal_instance_id: null,
      reason: null,
      action_metadata: {},
    }))
const pause = (scope: string) =>
  Effect.flatMap(PausesRepo, (repo) =>
    repo.pause(scope, null, {
      log_id: unique("LOG"),
      action: "pause",
      operator: "olga",
      goal_instance_id: null,
      reason: null,
      action_metadata: {},
    }))
/** Asks for a run of a goal now, as its customer does. */
const runNow = (goal: Effect.Success<ReturnType<typeof goalOf>>) =>
  change([{
    type: "run",
    request_id: unique("REQ"),
    ...goal,
    scheduled_time: at(0),
    requested_by: "acme",
  }])
const ofGoal = (goal: { readonly goal_instance_id: string }) => (run: ClaimedRun) =>
  run.goal_instance_id === goal.goal_instance_id
const retry = (run: ClaimedRun) => ({ _tag: "Retry", run, error: { type: "X", message: "x" }, delayMs: 0 }) as const

describe("a fair claim", () => {
  const live = (what: string, test: () => Effect.Effect<void, unknown, Stored>) =>
    it.live(what, () => test().pipe(Effect.provide(database)))

  live(
    "a customer with a long backlog delays another's single run by no batch",
    Effect.fnUntraced(function* () {
      yield* backlog("big", 600)
      assert.strictEqual((yield* claim(50)).length, 50)
      const single = yield* backlog("small", 1)
      const next = yield* claim(50)
      assert.isTrue(next.some(ofGoal(single)))
      // and what the small one leaves is the big one's again
      assert.strictEqual((yield* claim(50)).length, 50)
    }),
  )

  live(
    "a customer with more due goals than are decided over at once does not hold up another's goal",
    Effect.fnUntraced(function* () {
      for (let n = 0; n < 150; n++) {
        yield* goalOf({ missed: "latest" }, 5, "cron", { customer_id: "big" })
      }
      const single = yield* goalOf({ missed: "latest" }, 1, "cron", { customer_id: "small" })
      const decided = yield* materialise
      assert.isAtMost(decided, 101)
      assert.isTrue((yield* claim(20)).some(ofGoal(single)))
    }),
  )

  live(
    "with more lanes than places every lane has its turn before one has a second",
    Effect.fnUntraced(function* () {
      for (let n = 0; n < 12; n++) yield* backlog(`customer-${n}`, 3)
      const turns: Array<ClaimedRun> = []
      for (let claims = 0; claims < 6; claims++) turns.push(...yield* claim(2))
      assert.strictEqual(turns.length, 12)
      assert.strictEqual(new Set(turns.map((run) => run.goal_instance_id)).size, 12)
    }),
  )

  live(
    "what a person asks for does not wait behind the schedule, and leaves it half",
    Effect.fnUntraced(function* () {
      const goal = yield* backlog("acme", 100)
      for (let n = 0; n < 20; n++) yield* runNow(goal)
      // each stands on a millisecond of its own, the last ones on some that are still to come
      yield* timePasses
      const first = yield* claim(10)
      yield* write(first.map(done))
      const byHand = new Set(
        (yield* runsOf(goal.goal_instance_id)).filter(({ origin }) => origin === "manual").map((run) =>
          run.scheduled_run_id
        ),
      )
      assert.strictEqual(first.filter((run) => byHand.has(run.scheduled_run_id)).length, 5)
      assert.strictEqual(first.length, 10)
    }),
  )

  live(
    "a limit holds back a customer, not its neighbours, and is taken up again as runs end",
    Effect.fnUntraced(function* () {
      yield* limit("customer", "big", 3)
      const big = yield* backlog("big", 30)
      const small = yield* backlog("small", 5)
      const first = yield* claim(100)
      assert.strictEqual(first.filter(ofGoal(big)).length, 3)
      assert.isTrue(first.filter(ofGoal(small)).length >= 4)
      assert.strictEqual((yield* claim(100)).filter(ofGoal(big)).length, 0)
      yield* write(first.filter(ofGoal(big)).slice(0, 2).map(done))
      assert.strictEqual((yield* claim(100)).filter(ofGoal(big)).length, 2)
      yield* limit("customer", "big", null)
      assert.isTrue((yield* claim(100)).filter(ofGoal(big)).length > 10)
    }),
  )

  live(
    "a limit of an agent type counts over customers; one for every customer counts each alone",
    Effect.fnUntraced(function* () {
      yield* limit("agent_type", "slow", 4)
      yield* limit("every_customer", "*", 6)
      const one = yield* backlog("one", 20, "slow")
      const two = yield* backlog("two", 20, "slow")
      const three = yield* backlog("three", 20, "fast")
      const runs: Array<ClaimedRun> = []
      for (let claims = 0; claims < 3; claims++) runs.push(...yield* claim(100))
      assert.strictEqual(runs.filter((run) => ofGoal(one)(run) || ofGoal(two)(run)).length, 4)
      assert.strictEqual(runs.filter(ofGoal(three)).length, 6)
    }),
  )

  live(
    "a run that waits for its paused hire takes no room of a limit from those that may run",
    Effect.fnUntraced(function* () {
      yield* limit("agent_type", "a", 2)
      const paused = yield* backlog("acme", 1)
      yield* runNow(paused)
      const other = yield* backlog("acme", 5)
      const another = yield* backlog("bolt", 5)
      yield* pause(`hire:${paused.hired_instance_id}`)
      yield* timePasses
      const seen = new Set<string>()
      for (let claims = 0; claims < 12; claims++) {
        const runs = yield* claim(100)
        for (const run of runs) seen.add(run.goal_instance_id)
        yield* write(runs.map(done))
      }
      assert.isTrue(seen.has(other.goal_instance_id) && seen.has(another.goal_instance_id))
      assert.isFalse(seen.has(paused.goal_instance_id))
    }),
  )

  live(
    "lanes that are paused, however many stand before it, do not hide the one that may run",
    Effect.fnUntraced(function* () {
      for (let n = 0; n < 30; n++) {
        const goal = yield* backlog(`a-${String(n).padStart(2, "0")}`, 1)
        yield* pause(n % 2 === 0 ? `customer:a-${String(n).padStart(2, "0")}` : `hire:${goal.hired_instance_id}`)
      }
      const last = yield* backlog("z", 1)
      // as after an outage: one probe at a time
      const [probe] = yield* claim(1)
      assert.strictEqual(probe?.goal_instance_id, last.goal_instance_id)
    }),
  )

  live(
    "poison candidates and all other runs take turns",
    Effect.fnUntraced(function* () {
      yield* backlog("acme", 6)
      yield* claim(4, 15)
      yield* timePasses
      yield* claim(4, 15)
      yield* timePasses
      const candidate = yield* claim(10, 10_000, "one", "take")
      assert.deepStrictEqual(candidate.map((run) => run.attempt), [3])
      const others = yield* claim(10, 10_000, "one", "skip")
      assert.isTrue(others.length > 0 && others.every((run) => run.attempt < 3))
    }),
  )

  live(
    "a day to catch up on is made in parts, and what is due now comes first",
    Effect.fnUntraced(function* () {
      for (let n = 0; n < 4; n++) yield* goalOf({}, 23 * 60, "cron", { customer_id: "late" })
      const now = yield* goalOf({ missed: "latest" }, 1, "cron", { customer_id: "late" })
      yield* materialise
      const made = yield* runsOf(now.goal_instance_id)
      assert.isTrue(made.some((run) => run.status === "pending"))
      let decided = 1
      for (let units = 0; decided > 0; units++) {
        assert.isBelow(units, 10)
        decided = yield* materialise
      }
      assert.strictEqual(yield* materialise, 0)
    }),
  )

  live(
    "a run that was lost is taken over though its customer is at its limit",
    Effect.fnUntraced(function* () {
      yield* limit("customer", "acme", 1)
      yield* backlog("acme", 5)
      const [lost] = yield* claim(10, 20)
      yield* timePasses
      const again = yield* claim(10)
      assert.strictEqual(again.length, 1)
      assert.deepStrictEqual([again[0]!.scheduled_run_id, again[0]!.attempt], [lost!.scheduled_run_id, 2])
    }),
  )

  live(
    "retries take what the budget allows, first attempts are not held back by it",
    Effect.fnUntraced(function* () {
      yield* backlog("acme", 90)
      const first = yield* claim(40)
      yield* write(first.map(retry))
      // a second's worth is one, and it holds ten seconds' worth
      const second = yield* claim(40)
      const retried = second.filter((run) => run.attempt === 2)
      assert.isTrue(retried.length >= 1 && retried.length <= 10, `${retried.length} retries`)
      assert.isTrue(second.length - retried.length > 15)
      // a fifth of what completes comes on top
      yield* write(second.map(done))
      const third = yield* claim(40)
      assert.isTrue(third.filter((run) => run.attempt === 2).length >= Math.floor(second.length / 5))
    }),
  )
})
