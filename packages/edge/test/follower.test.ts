/** Following a feed: order, compare-and-set, rebuild, failures. */
import { CursorGone, type Fares, follow, Followers, type Following, heldUp } from "@stint/edge/Follower"
import { assert, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber } from "effect"
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
        if (at < from) return Effect.fail(new CursorGone({ why: "said the test" }))
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
        return true
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

it.effect("C5: a projection that is refused right after its rebuild waits longer each time, and its figures say so", () =>
  Effect.gen(function* () {
    const { following, place } = feedOf([1, 2, 3, 4], 3)
    let healed = false
    const followers = new Map<string, Fares>()
    const fiber = yield* Effect.forkChild(
      follow({
        ...following,
        fetch: (after) =>
          healed ? following.fetch(after) : Effect.fail(new CursorGone({ why: "it is of another history" })),
      }).pipe(Effect.provideService(Followers, followers)),
    )
    const fares = () => followers.get("numbers")!
    yield* TestClock.adjust("1 second")
    assert.lengthOf(place.rebuilt, 1)
    assert.isTrue(fares().held)
    yield* TestClock.adjust("58 seconds")
    assert.deepStrictEqual(heldUp(followers, yield* Clock.currentTimeMillis), [])
    yield* TestClock.adjust("1 hour")
    // 5, 10, 20, 40 and then 60 seconds, half of it at the least
    assert.isAtLeast(place.rebuilt.length, 55)
    assert.isAtMost(place.rebuilt.length, 130)
    assert.strictEqual(fares().rebuilds, place.rebuilt.length)
    const [held, ...others] = heldUp(followers, yield* Clock.currentTimeMillis)
    assert.deepStrictEqual([held!.feed, held!.since, others], ["numbers", 0, []])
    assert.include(held!.detail, `rebuilt ${place.rebuilt.length} times`)
    healed = true
    yield* TestClock.adjust("2 minutes")
    yield* Fiber.interrupt(fiber)
    assert.deepInclude(fares(), { rebuilds: 0, held: false })
    assert.deepStrictEqual(heldUp(followers, yield* Clock.currentTimeMillis), [])
  }))

it.effect("a rebuild that another replica does is not counted", () =>
  Effect.gen(function* () {
    const { following, place } = feedOf([1, 2, 3], 3)
    const followers = new Map<string, Fares>()
    let looks = 0
    const fiber = yield* Effect.forkChild(
      follow({ ...following, rebuild: () => Effect.sync(() => (looks++, false)) }).pipe(
        Effect.provideService(Followers, followers),
      ),
    )
    yield* TestClock.adjust("10 seconds")
    yield* Fiber.interrupt(fiber)
    assert.isAtLeast(looks, 9)
    assert.strictEqual(followers.get("numbers")!.rebuilds, 0)
    assert.deepStrictEqual(place.rebuilt, [])
  }))

it.effect("the page after a full one is asked for while that one is applied", () =>
  Effect.gen(function* () {
    const { following, place, reached } = feedOf([1, 2, 3, 4, 5])
    const asked = { "2": Deferred.makeUnsafe<void>(), "4": Deferred.makeUnsafe<void>() }
    const asking = (after: string) => asked[after as keyof typeof asked]
    const fiber = yield* Effect.forkChild(follow({
      ...following,
      full: 2,
      fetch: (after) =>
        Effect.andThen(
          asking(after) === undefined ? Effect.void : Deferred.succeed(asking(after), undefined),
          following.fetch(after),
        ),
      // the last page is not full
      apply: (page) =>
        Effect.andThen(page.cursor === "5" ? Effect.void : Deferred.await(asking(page.cursor)), following.apply(page)),
    }))
    yield* reached
    yield* Fiber.interrupt(fiber)
    assert.deepStrictEqual(place.applied, [1, 2, 3, 4, 5])
  }))

it.effect("a page that was asked for early is discarded when another replica has moved the cursor", () =>
  Effect.gen(function* () {
    const { following, place, reached } = feedOf([1, 2, 3, 4, 5, 6])
    const fetched: Array<string> = []
    let stolen = false
    const fiber = yield* Effect.forkChild(follow({
      ...following,
      full: 2,
      fetch: (after) => Effect.andThen(Effect.sync(() => fetched.push(after)), following.fetch(after)),
      apply: (page) =>
        Effect.suspend(() => {
          if (!stolen) place.cursor = "4"
          stolen = true
          return following.apply(page)
        }),
    }))
    yield* reached
    yield* Fiber.interrupt(fiber)
    assert.deepStrictEqual(place.applied, [5, 6])
    assert.deepStrictEqual(fetched, ["0", "2", "4", "6"])
  }))
