/** When the engine looks for work: once for each thing that may have brought some, and not otherwise. */
import { digestLayer } from "@stint/edge/Sha256"
import { Ids } from "@stint/edge/Ids"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, FiberSet, Layer, Option, Queue as Hints } from "effect"
import { TestClock } from "effect/testing"
import { makeCycle, type Means } from "../src/Engine/Cycle.ts"
import { makeExecute } from "../src/Engine/Execute.ts"
import { makeInHand } from "../src/Engine/InHand.ts"
import { EngineRepo } from "../src/Engine/Repo.ts"
import type { ClaimedRun } from "../src/Model.ts"
import { Nudge } from "../src/Nudge.ts"
import { Queue } from "../src/Queue.ts"
import type { Outcome } from "../src/Queue/Outcome.ts"

/** What a look finds; nothing, unless it says. */
interface Found {
  readonly ready?: boolean
  readonly limited?: boolean
  readonly goal?: number
  readonly run?: number
}

const run = { scheduled_run_id: "SCH-1", goal_instance_id: "GOI-1", hired_instance_id: "HAI-1" } as ClaimedRun

/** Lets a cycle go on until it waits. */
const settled = TestClock.adjust(0)

/** A cycle that runs: what it did, in order. Looks find these things in turn, and then nothing. */
const running = Effect.fnUntraced(function* (finds: ReadonlyArray<Found>, execute: Means["execute"]) {
  const did: Array<string> = []
  const left = [...finds]
  const hints = yield* Hints.sliding<void>(1)
  const repo = {
    look: () =>
      Effect.sync(() => {
        did.push("look")
        const { goal = null, limited = false, ready = false, run = null } = left.shift() ?? {}
        return { goal, limited, ready, run }
      }),
    lockDue: () => Effect.sync(() => (did.push("start"), { locked: 1, goals: [] })),
    atomically: (effect: unknown) => effect,
  }
  const queue = {
    claim: () => Effect.sync(() => (did.push("claim"), { runs: [run], alone: false, open: false })),
  }
  const nudge = {
    here: Effect.asVoid(Hints.offer(hints, undefined)),
    inTransaction: Effect.void,
    wait: (ms: number) => Effect.map(Effect.timeoutOption(Hints.take(hints), ms), Option.isSome),
  }
  const cycle = yield* makeCycle({
    holder: "one",
    retriesPerSecond: 1,
    breaker: { passage: Effect.succeed({ limit: Infinity }) } as Means["breaker"],
    inHand: makeInHand(10),
    execute,
    working: yield* FiberSet.make<void>(),
  }).pipe(Effect.provide(Layer.mergeAll(
    Layer.succeed(EngineRepo, repo as unknown as EngineRepo["Service"]),
    Layer.succeed(Queue, queue as unknown as Queue["Service"]),
    Layer.succeed(Nudge, nudge),
    Ids.layer,
  )))
  yield* Effect.forkScoped(Effect.forever(cycle))
  yield* settled
  return { did, nudge: nudge.here }
})

const nothing: Means["execute"] = () => Effect.succeed(false)

describe("a cycle of the engine", () => {
  it.effect("starts what is due at the time that the last look named, without another look before it", () =>
    Effect.gen(function* () {
      const { did } = yield* running([{ goal: 1_000 }], nothing)
      assert.deepStrictEqual(did, ["look"])
      yield* TestClock.adjust(999)
      assert.deepStrictEqual(did, ["look"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(did, ["look", "start", "look"])
    }))

  it.effect("looks first where a hint came before that time, a limit binds, or a run falls due earlier", () =>
    Effect.gen(function* () {
      const hinted = yield* running([{ goal: 1_000 }], nothing)
      yield* hinted.nudge
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(hinted.did, ["look", "look"])
      for (const found of [{ goal: 1_000, limited: true }, { goal: 1_000, run: 999 }]) {
        const { did } = yield* running([found], nothing)
        yield* TestClock.adjust(1_000)
        assert.deepStrictEqual(did, ["look", "look"])
      }
    }))

  it.effect("does not take the end of its longest sleep for the time of a goal that is due later", () =>
    Effect.gen(function* () {
      const { did } = yield* running([{ goal: 100_000 }], nothing)
      yield* TestClock.adjust(60_000)
      assert.deepStrictEqual(did, ["look", "look"])
    }))

  for (
    const [what, end, looksAgain] of [
      ["that leaves nothing to do", Effect.succeed(false), false],
      ["that leaves something to do", Effect.succeed(true), true],
      ["that nobody knows anything of", Effect.die("broken"), true],
    ] as const
  ) {
    it.effect(`${looksAgain ? "looks again" : "goes on sleeping"} after a batch ${what}`, () =>
      Effect.gen(function* () {
        const ends = yield* Deferred.make<void>()
        const { did } = yield* running([{ ready: true }], () => Effect.andThen(Deferred.await(ends), end))
        assert.deepStrictEqual(did, ["look", "claim", "look"])
        yield* Deferred.succeed(ends, undefined)
        yield* settled
        assert.deepStrictEqual(did.slice(3), looksAgain ? ["look"] : [])
      }))
  }
})

describe("the end of a batch", () => {
  const completed: Outcome = { _tag: "Completed", run, deliverable_id: "DEL-1" as never }
  const retry: Outcome = { _tag: "Retry", run, error: { type: "TIMEOUT", message: "late" }, delayMs: 1_000 }
  const released: Outcome = { _tag: "Released", run, delayMs: 200 }

  /** Whether something is left to do after these outcomes, which let so many waiting runs start, when so many were written. */
  const leaves = (outcomes: ReadonlyArray<Outcome>, next: number, written = outcomes.length) =>
    Effect.gen(function* () {
      const execute = yield* makeExecute(() => Effect.succeed([...outcomes]), Effect.void)
      const fiber = yield* Effect.forkChild(execute([run]))
      return yield* Fiber.join(fiber)
    }).pipe(
      Effect.provide(Layer.succeed(
        Queue,
        {
          writeOutcomes: () => Effect.succeed({ written, released: next }),
        } as unknown as Queue["Service"],
      )),
      Effect.provide(digestLayer),
    )

  it.effect("leaves nothing when all have their drafts and none waited for them", () =>
    Effect.gen(function* () {
      assert.isFalse(yield* leaves([completed], 0))
      assert.isTrue(yield* leaves([completed], 1))
      assert.isTrue(yield* leaves([completed, retry], 0))
      assert.isTrue(yield* leaves([released], 0))
      // they were written before, by a commit whose answer was lost
      assert.isTrue(yield* leaves([completed], 0, 0))
    }))
})
