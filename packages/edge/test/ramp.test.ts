/** How many may have a connection at a time. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Scope } from "effect"
import { Ramp } from "../src/Pg/Ramp.ts"

/** Users of connections that stay until they are told to end, and how many there are. */
const makeUsers = (ramp: Ramp) => {
  let now = 0
  const begin = Effect.fnUntraced(function* () {
    const [began, end] = [Deferred.makeUnsafe<number>(), Deferred.makeUnsafe<void>()]
    const use = Effect.gen(function* () {
      now++
      yield* Deferred.succeed(began, now)
      yield* Deferred.await(end)
      now--
    })
    const fiber = yield* Effect.forkChild(ramp.within(use), { startImmediately: true })
    return {
      fiber,
      /** Waits until it begins: how many there were then, itself included. */
      began: Deferred.await(began),
      end: Effect.andThen(Deferred.succeed(end, undefined), Fiber.join(fiber)),
    }
  })
  return { begin, now: () => now }
}

describe("a ramp", () => {
  it.live("lets two begin, and the next one when one of them ends", () =>
    Effect.gen(function* () {
      const users = makeUsers(new Ramp(8))
      const first = yield* users.begin()
      yield* users.begin()
      const third = yield* users.begin()
      assert.strictEqual(users.now(), 2)
      yield* first.end
      yield* third.began
      assert.strictEqual(users.now(), 2)
    }))

  it.live("lets one more begin for each time that some have waited, and all once it has as many as the pool", () =>
    Effect.gen(function* () {
      const ramp = new Ramp(4)
      const users = makeUsers(ramp)
      const all = yield* Effect.replicateEffect(users.begin(), 9)
      assert.strictEqual(users.now(), 2)
      assert.strictEqual(yield* all[2]!.began, 3)
      assert.strictEqual(yield* all[8]!.began, 9)
      yield* (yield* users.begin()).began
      yield* Effect.forEach(all, ({ end }) => end)
      assert.strictEqual(users.now(), 1)
    }))

  it.live("counts nobody who was interrupted, whether it waited or had one; and a scope until it closes", () =>
    Effect.gen(function* () {
      const ramp = new Ramp(8)
      const users = makeUsers(ramp)
      const scope = yield* Scope.make()
      yield* Scope.provide(ramp.scoped, scope)
      const second = yield* users.begin()
      const third = yield* users.begin()
      assert.strictEqual(users.now(), 1)
      yield* Fiber.interrupt(third.fiber)
      yield* Fiber.interrupt(second.fiber)
      const fourth = yield* users.begin()
      const fifth = yield* users.begin()
      // it waits for the scope alone: nobody who was interrupted has a place
      yield* fourth.began
      yield* Effect.exit(Scope.close(scope, yield* Effect.exit(Effect.void)))
      yield* fifth.began
    }))

  it.live("keeps no scope waiting once it is lifted, however many are open", () =>
    Effect.scoped(Effect.gen(function* () {
      const ramp = new Ramp(4)
      const scope = yield* Effect.scope
      const begin = Effect.forkScoped(Scope.provide(ramp.scoped, scope), { startImmediately: true })
      const first = yield* Effect.replicateEffect(begin, 3)
      ramp.lift()
      const more = yield* Effect.replicateEffect(begin, 6)
      // nobody leaves
      assert.deepStrictEqual(more.filter((fiber) => fiber.pollUnsafe() === undefined), [])
      yield* Fiber.joinAll(first)
    })))
})
