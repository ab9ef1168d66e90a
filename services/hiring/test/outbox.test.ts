/** Waiting for changes: when a reader reads again, by a clock that the test moves and over a stub of the storage. */
import { assert, describe, it } from "@effect/vitest"
import { Health } from "@stint/edge/Health"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Outbox } from "../src/Outbox.ts"
import { START } from "../src/Outbox/Cursor.ts"
import { type Followed, OutboxRepo } from "../src/Outbox/Repo.ts"
import { OutboxListener } from "../src/Outbox/Repo/Listener.ts"
import { EMPTY } from "../src/Outbox/Repo/Reads.ts"

const nothing: Followed = { gone: undefined, page: EMPTY }
const something: Followed = {
  ...nothing,
  page: { items: `[{"type":"subscription"}]`, last: { position: 1n, mark: 1, xid: 1n }, unread: [] },
}

/** A reader that waits ten seconds at most, over a storage and a listener that the test controls. */
const withReader = Effect.gen(function* () {
  const health = Health.make()
  const notified = yield* Deferred.make<void>()
  const storage = { now: nothing, live: true, reads: 0 }
  const stubs = Layer.mergeAll(
    Layer.succeed(Health, health),
    Layer.mock(OutboxRepo, { after: () => Effect.sync(() => (storage.reads++, storage.now)) }),
    Layer.succeed(
      OutboxListener,
      OutboxListener.of({ watch: Effect.sync(() => ({ changed: Deferred.await(notified), live: storage.live })) }),
    ),
  )
  const outbox = yield* Effect.provide(Outbox, Outbox.layer.pipe(Layer.provide(stubs)))
  const start = Effect.gen(function* () {
    const reading = yield* Effect.forkChild(outbox.follow(START, 10, 10_000))
    yield* Effect.yieldNow
    return reading
  })
  return { storage, start, notify: Deferred.succeed(notified, undefined), drain: health.drain }
})

describe("a reader that waits", () => {
  it.effect("reads once, and again when a change is notified", () =>
    Effect.gen(function* () {
      const { notify, start, storage } = yield* withReader
      const reading = yield* start
      yield* TestClock.adjust("9999 millis")
      assert.strictEqual(storage.reads, 1)
      storage.now = something
      yield* notify
      assert.deepStrictEqual(yield* Fiber.join(reading), something)
      assert.strictEqual(storage.reads, 2)
    }))

  it.effect("gets nothing when its time is over", () =>
    Effect.gen(function* () {
      const { start } = yield* withReader
      const reading = yield* start
      yield* TestClock.adjust("9999 millis")
      assert.isUndefined(reading.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* Fiber.join(reading), nothing)
    }))

  it.effect("polls every second while there are no notifications", () =>
    Effect.gen(function* () {
      const { start, storage } = yield* withReader
      storage.live = false
      const reading = yield* start
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(storage.reads, 4)
      storage.now = something
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(reading), something)
    }))

  it.effect("is answered at once when the service drains", () =>
    Effect.gen(function* () {
      const { drain, start } = yield* withReader
      const reading = yield* start
      yield* drain
      assert.deepStrictEqual(yield* Fiber.join(reading), nothing)
    }))

  it.effect("is answered at once when its cursor is gone", () =>
    Effect.gen(function* () {
      const { start, storage } = yield* withReader
      storage.now = { ...nothing, gone: "pruned" }
      assert.strictEqual((yield* Fiber.join(yield* start)).gone, "pruned")
    }))
})
