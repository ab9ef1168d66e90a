/** The worker and its attempts wait for nothing without a deadline. */
import { assert, describe, it } from "@effect/vitest"
import { DeliverableId } from "@stint/domain/Ids"
import { Health } from "@stint/edge/Health"
import { Context, DateTime, Effect, Fiber, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { Attempts } from "../src/Executions/Attempts.ts"
import { ExecutionsRepo } from "../src/Executions/Repo.ts"
import type { ExecutionRow } from "../src/Executions/Row.ts"
import type { Target } from "../src/Executions/Target.ts"
import { Targets } from "../src/Executions/Targets.ts"
import { worker } from "../src/Executions/Worker.ts"

const at = DateTime.makeUnsafe("2026-03-01T09:00:00Z")

const row: ExecutionRow = {
  delivery_id: "DLV-1",
  deliverable_id: DeliverableId.make("DEL-1"),
  approval_id: null,
  target: {},
  body: "{}",
  content_sha256: "",
  state: "pending",
  requested_by: "DLV-1",
  attempts: 1,
  last_error: null,
  next_attempt_at: at,
  locked_until: at,
  fence: 1n,
  created_at: at,
  delivered_at: null,
}

/** Executions that are always `claimable`, else due in `due` milliseconds; no notification ever comes. */
const executionsOf = (
  { claimable = [], due }: { readonly claimable?: ReadonlyArray<ExecutionRow>; readonly due?: number },
) => {
  const calls: Array<"claim" | "complete" | "retry" | "fail"> = []
  const call = <A>(name: typeof calls[number], result: A) => Effect.sync(() => (calls.push(name), result))
  const repo = ExecutionsRepo.of({
    commit: () => Effect.succeed(Option.none()),
    claim: () => call("claim", claimable),
    complete: () => call("complete", true),
    retry: () => call("retry", true),
    fail: () => call("fail", true),
    nextDue: Effect.succeed(due),
    listen: Effect.succeed(Effect.never),
  })
  return {
    calls,
    count: (name: string) => calls.filter((c) => c === name).length,
    layer: Layer.succeed(ExecutionsRepo, repo),
  }
}

const attemptsOn = (deliver: Target["deliver"], repo: Layer.Layer<ExecutionsRepo>) =>
  Attempts.layer.pipe(Layer.provide([Layer.succeed(Targets, { journal: { deliver }, webhook: { deliver } }), repo]))

/** Starts the worker in the scope of the test. */
const startWorker = (
  executions: ReturnType<typeof executionsOf>,
  deliver: Target["deliver"] = () => Effect.succeed(at),
) => {
  const health = Health.make()
  const started = Layer.build(Layer.provide(worker, [
    executions.layer,
    attemptsOn(deliver, executions.layer),
    Layer.succeed(Health, health),
  ]))
  return Effect.as(Effect.andThen(started, TestClock.adjust(0)), health)
}

describe("the worker", () => {
  it.effect("claims again after 30 seconds, should a notification be lost", () =>
    Effect.gen(function* () {
      const executions = executionsOf({})
      yield* startWorker(executions)
      assert.strictEqual(executions.count("claim"), 1)
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual(executions.count("claim"), 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(executions.count("claim"), 2)
    }))

  it.effect("claims 10 times a second while what is due is locked by another transaction", () =>
    Effect.gen(function* () {
      const executions = executionsOf({ due: 0 })
      yield* startWorker(executions)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(executions.count("claim"), 11)
    }))

  it.effect("claims nothing once it drains, however much is due, and the drain waits for its attempts", () =>
    Effect.gen(function* () {
      const executions = executionsOf({ claimable: [row] })
      const health = yield* startWorker(executions, () => Effect.delay(Effect.succeed(at), "1 second"))
      yield* TestClock.adjust("2500 millis")
      assert.deepStrictEqual([executions.count("claim"), executions.count("complete")], [3, 2])
      const drain = yield* Effect.forkChild(health.drain)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(drain)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([executions.count("claim"), executions.count("complete")], [3, 3])
    }))
})

describe("an attempt", () => {
  it.effect("is abandoned after 10 seconds and retried, also when it can't be interrupted", () =>
    Effect.gen(function* () {
      const executions = executionsOf({})
      const layer = attemptsOn(() => Effect.uninterruptible(Effect.never), executions.layer)
      const attempts = Context.get(yield* Layer.build(layer), Attempts)
      const attempt = yield* attempts.start(row)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(executions.calls, ["retry"])
      yield* Fiber.join(attempt)
    }))
})
