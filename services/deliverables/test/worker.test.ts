/** The worker and its attempts wait for nothing without a deadline, and no customer waits for the receivers of another. */
import { assert, describe, it } from "@effect/vitest"
import type { LookedUpHire } from "@stint/domain/hiring/Feed"
import { ApprovalId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Unavailable } from "@stint/domain/Problem"
import { Health } from "@stint/edge/Health"
import { Context, DateTime, Effect, Fiber, Layer, Option } from "effect"
import { Digest } from "effect/crypto"
import { TestClock } from "effect/testing"
import { Hiring } from "../src/Clients.ts"
import { Attempts } from "../src/Executions/Attempts.ts"
import { ExecutionsRepo, type InHand } from "../src/Executions/Repo.ts"
import type { ClaimedRow } from "../src/Executions/Row.ts"
import type { Target } from "../src/Executions/Target.ts"
import { Targets } from "../src/Executions/Targets.ts"
import { worker } from "../src/Executions/Worker.ts"
import { until } from "../../../tests/support/Until.ts"

const at = DateTime.makeUnsafe("2026-03-01T09:00:00Z")

const row: ClaimedRow = {
  delivery_id: "DLV-1",
  deliverable_id: DeliverableId.make("DEL-1"),
  approval_id: ApprovalId.make("APR-1"),
  target: {},
  body: "{}",
  content_sha256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
  state: "pending",
  requested_by: "DLV-1",
  attempts: 1,
  last_error: null,
  next_attempt_at: at,
  locked_until: at,
  fence: 1n,
  created_at: at,
  delivered_at: null,
  customer_id: CustomerId.make("acme"),
  armed_at: DateTime.makeUnsafe(0),
  armed_attempts: 0,
  revision: 1,
  idempotency_key: "GOI-1:2026-03-01T09:00:00.000Z",
  hired_instance_id: HiredInstanceId.make("HAI-1"),
  goal_instance_id: GoalInstanceId.make("GOI-1"),
  payload: {},
  approval_required: true,
  named_approval_id: ApprovalId.make("APR-1"),
  approved: {
    deliverable_id: DeliverableId.make("DEL-1"),
    customer_id: CustomerId.make("acme"),
    decision: "approved",
    content_sha256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    target: null,
  },
}

/** A row of a customer. */
const rowOf = (customer: string, i: number): ClaimedRow => ({
  ...row,
  delivery_id: `DLV-${customer}-${i}`,
  customer_id: CustomerId.make(customer),
  approved: { ...row.approved!, customer_id: CustomerId.make(customer) },
})

const hire = { hired_instance_id: HiredInstanceId.make("HAI-1"), customer_id: "acme", settings: {} }

/**
 * Executions that are claimed from `claimable` as their customers have attempts free, else due in `due` milliseconds; no
 * notification ever comes.
 */
const executionsOf = ({ claimable = [], due }: { claimable?: ReadonlyArray<ClaimedRow>; due?: number }) => {
  const waiting = [...claimable]
  const calls: Array<"claim" | "complete" | "retry" | "fail" | "postpone"> = []
  const completed: Array<string> = []
  const call = <A>(name: typeof calls[number], result: A) => Effect.sync(() => (calls.push(name), result))
  const take = (limit: number, { counts, most }: InHand) => {
    const taken: Array<ClaimedRow> = []
    for (const one of [...waiting]) {
      const mine = (counts.get(one.customer_id) ?? 0) + taken.filter((t) => t.customer_id === one.customer_id).length
      if (taken.length < limit && mine < most) taken.push(...waiting.splice(waiting.indexOf(one), 1))
    }
    return taken
  }
  const repo = ExecutionsRepo.of({
    commit: () => Effect.succeed(Option.none()),
    claim: (limit, inHand) =>
      Effect.suspend(() => call("claim", take(limit, inHand).map((row) => ({ key: row, row })))),
    complete: ({ delivery_id }) => Effect.suspend(() => (completed.push(delivery_id), call("complete", true))),
    retry: () => call("retry", true),
    fail: () => call("fail", true),
    refuse: () => call("fail", true),
    postpone: () => call("postpone", true),
    refuseHire: () => Effect.void,
    awaited: () => Effect.succeed([]),
    nextDue: () => Effect.succeed(due),
    listen: Effect.succeed(Effect.never),
  })
  return {
    calls,
    completed,
    count: (name: string) => calls.filter((c) => c === name).length,
    layer: Layer.succeed(ExecutionsRepo, repo),
  }
}

const attemptsOn = (deliver: Target["deliver"], repo: Layer.Layer<ExecutionsRepo>) =>
  Attempts.layer.pipe(
    Layer.provide([
      Layer.succeed(Targets, { journal: { deliver }, webhook: { deliver } }),
      repo,
      Digest.layerWebCrypto,
    ]),
  )

/** A hiring that knows the hire of every row, of whichever customer. */
const hiring = (customer: string, away = () => false) =>
  Layer.succeed(
    Hiring,
    {
      lookup: () =>
        away()
          ? Effect.fail(new Unavailable({ detail: "away" }))
          : Effect.succeed({ goals: [], hires: [{ ...hire, customer_id: customer } as unknown as LookedUpHire] }),
    } as unknown as Hiring["Service"],
  )

/** Starts the worker in the scope of the test. */
const startWorker = (
  executions: ReturnType<typeof executionsOf>,
  deliver: Target["deliver"] = () => Effect.succeed(at),
  neighbour = hiring("acme"),
) => {
  const health = Health.make()
  const started = Layer.build(Layer.provide(worker, [
    executions.layer,
    attemptsOn(deliver, executions.layer),
    neighbour,
    Layer.succeed(Health, health),
  ]))
  return Effect.as(Effect.andThen(started, TestClock.adjust(0)), health)
}

/** Waits for what a fiber does after a digest, which no clock moves. */
const eventually = (what: string, holds: () => boolean) => Effect.promise(() => until(what, holds))

describe("the worker", () => {
  it.effect("claims again after the length of a lease: a notification may be lost, and an intent notifies nobody", () =>
    Effect.gen(function* () {
      const executions = executionsOf({})
      yield* startWorker(executions)
      assert.strictEqual(executions.count("claim"), 1)
      yield* TestClock.adjust("19 seconds")
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
      const executions = executionsOf({ claimable: Array.from({ length: 20 }, (_, i) => rowOf("acme", i)) })
      let begun = 0
      const deliver = () => Effect.suspend(() => (begun++, Effect.delay(Effect.succeed(at), "1 second")))
      const health = yield* startWorker(executions, deliver)
      yield* eventually("four attempts are made", () => begun === 4)
      yield* TestClock.adjust("1 second")
      yield* eventually("and the next four", () => begun === 8)
      const claims = executions.count("claim")
      const drain = yield* Effect.forkChild(health.drain)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(drain)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([executions.count("claim"), executions.count("complete"), begun], [claims, 8, 8])
    }))

  it.effect("C9: a customer whose receivers are slow has four attempts at once, and another's deliveries wait for none", () =>
    Effect.gen(function* () {
      const begun: Array<string> = []
      const slow = Array.from({ length: 40 }, (_, i) => rowOf("slow", i))
      const executions = executionsOf({ claimable: [...slow, rowOf("quick", 0)] })
      const deliver: Target["deliver"] = ({ customer_id, delivery_id }) => {
        begun.push(delivery_id)
        return customer_id === "slow" ? Effect.delay(Effect.succeed(at), "9 seconds") : Effect.succeed(at)
      }
      const lookup = Layer.succeed(
        Hiring,
        {
          lookup: () => Effect.succeed({ goals: [], hires: [] }),
        } as unknown as Hiring["Service"],
      )
      // attempts as such: whether they may be made is not what is asked here
      const attempts = Layer.succeed(
        Attempts,
        {
          start: (row: ClaimedRow) =>
            Effect.forkDetach(Effect.asVoid(Effect.orDie(Effect.andThen(
              deliver(row, { target: "journal" }),
              Effect.sync(() => executions.completed.push(row.delivery_id)),
            )))),
        } as unknown as Attempts["Service"],
      )
      yield* Effect.asVoid(Layer.build(Layer.provide(worker, [
        executions.layer,
        attempts,
        lookup,
        Layer.succeed(Health, Health.make()),
      ])))
      const slowOnes = () => begun.filter((id) => id.startsWith("DLV-slow")).length
      yield* eventually("the quick one is delivered", () => executions.completed.includes("DLV-quick-0"))
      yield* eventually("four slow ones are attempted", () => slowOnes() >= 4)
      assert.strictEqual(slowOnes(), 4)
      yield* TestClock.adjust("9 seconds")
      yield* eventually("then four more", () => slowOnes() >= 8)
      assert.strictEqual(slowOnes(), 8)
    }))

  const unread = Layer.succeed(
    Hiring,
    {
      lookup: () => Effect.succeed({ goals: [], hires: [], unread: { goals: [], hires: ["HAI-1"] } }),
    } as unknown as Hiring["Service"],
  )

  it.effect.each(
    [
      ["does not answer", hiring("acme", () => true)],
      ["can't read the hire", unread],
    ] as const,
  )("B2: gives back what it claimed, uncharged, while hiring %s", ([, neighbour]) =>
    Effect.gen(function* () {
      const executions = executionsOf({ claimable: [row] })
      let delivered = 0
      yield* startWorker(executions, () => Effect.sync(() => (delivered++, at)), neighbour)
      yield* eventually("it is given back", () => executions.count("postpone") > 0)
      assert.deepStrictEqual([executions.count("postpone"), executions.count("retry"), delivered], [1, 0, 0])
    }))
})

describe("an attempt", () => {
  it.effect("is abandoned after 10 seconds and retried, also when it can't be interrupted", () =>
    Effect.gen(function* () {
      const executions = executionsOf({})
      let begun = false
      const deliver = () => Effect.suspend(() => (begun = true, Effect.uninterruptible(Effect.never)))
      const layer = attemptsOn(deliver, executions.layer)
      const attempts = Context.get(yield* Layer.build(layer), Attempts)
      const attempt = yield* attempts.start(row, { ...hire } as unknown as LookedUpHire)
      yield* eventually("it is delivered", () => begun)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(executions.calls, ["retry"])
      yield* Fiber.join(attempt)
    }))
})
