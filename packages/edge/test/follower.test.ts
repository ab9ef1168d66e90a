/** Following a feed: order, compare-and-set, rebuild, failures. */
import { CursorGone, follow, type Following } from "@stint/edge/Follower"
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

/** A feed whose cursors count its items, kept from `from` on; it waits when it has nothing more. */
const feedOf = (items: Array<number>, from = 0) => {
  const place = { cursor: undefined as string | undefined, applied: [] as Array<number>, rebuilt: [] as Array<unknown> }
  const reached = Deferred.makeUnsafe<void>()
  const following: Following<number, string, never> = {
    name: "numbers",
    load: Effect.sync(() => place.cursor),
    fetch: (after) =>
      Effect.suspend(() => {
        const at = Number(after)
        if (at < from) return Effect.fail(new CursorGone())
        if (at >= items.length) return Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
        return Effect.succeed({ items: items.slice(at, at + 2), cursor: String(Math.min(at + 2, items.length)) })
      }),
    apply: ({ after, cursor, items }) =>
      Effect.sync(() => {
        if (place.cursor !== after) return
        place.applied.push(...items)
        place.cursor = cursor
      }),
    rebuild: (stale) =>
      Effect.sync(() => {
        place.rebuilt.push(stale)
        place.cursor = String(from)
      }),
  }
  return { following, place, reached: Deferred.await(reached) }
}

it.effect("starts from what is, then applies every stretch once and in order", () =>
  Effect.gen(function* () {
    const { following, place, reached } = feedOf([1, 2, 3, 4, 5])
    const fiber = yield* Effect.forkChild(follow(following))
    yield* reached
    yield* Fiber.interrupt(fiber)
    assert.deepStrictEqual(place.applied, [1, 2, 3, 4, 5])
    assert.deepStrictEqual(place.rebuilt, [undefined])
  }))

it.effect("starts again when the feed no longer keeps what follows", () =>
  Effect.gen(function* () {
    const { following, place, reached } = feedOf([1, 2, 3, 4, 5], 3)
    place.cursor = "1"
    const fiber = yield* Effect.forkChild(follow(following))
    yield* reached
    yield* Fiber.interrupt(fiber)
    assert.deepStrictEqual(place.applied, [4, 5])
    assert.deepStrictEqual(place.rebuilt, ["1"])
  }))

it.effect("a stretch that another replica applied meanwhile is discarded", () =>
  Effect.gen(function* () {
    const { following, place, reached } = feedOf([1, 2, 3, 4])
    let stolen = false
    const fiber = yield* Effect.forkChild(follow({
      ...following,
      fetch: (after) =>
        Effect.tap(following.fetch(after), () =>
          Effect.sync(() => {
            if (stolen) return
            stolen = true
            place.cursor = "2"
          })),
    }))
    yield* reached
    yield* Fiber.interrupt(fiber)
    assert.deepStrictEqual(place.applied, [3, 4])
  }))

it.effect("failures and defects are tried again, soon at first and at most every 2 seconds", () =>
  Effect.gen(function* () {
    const { following, place, reached } = feedOf([1, 2, 3])
    let calls = 0
    const fiber = yield* Effect.forkChild(follow({
      ...following,
      fetch: (after) =>
        Effect.suspend(() => {
          calls++
          if (calls <= 10) return calls % 2 === 0 ? Effect.die(new Error("broken")) : Effect.fail("away")
          return following.fetch(after)
        }),
    }))
    yield* TestClock.adjust("100 millis")
    assert.isAtLeast(calls, 2)
    yield* TestClock.adjust("30 seconds")
    yield* reached
    yield* Fiber.interrupt(fiber)
    assert.deepStrictEqual(place.applied, [1, 2, 3])
  }))
