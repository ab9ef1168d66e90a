/** Ids: in order, unique, and derived under a key. */
import { Ids, IdSeed, uuidv7 } from "@stint/edge/Ids"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe("ids", () => {
  it("drawn in one millisecond sort as they were drawn, however many there are", () => {
    const ids = Array.from({ length: 10_000 }, () => uuidv7(1_800_000_000_000))
    assert.deepStrictEqual(ids, [...ids].sort())
    assert.strictEqual(new Set(ids).size, ids.length)
    for (const id of ids) assert.match(id, shape)
  })

  it("have the time in their first digits, and the ten bytes after it as they are given, but for version and variant", () => {
    const tail = Uint8Array.of(0xab, 0xcd, 0xff, 0x01, 0x23, 0x45, 0x67, 0x89, 0x00, 0xfe)
    assert.strictEqual(uuidv7(0x0193_4f6e_7c1a, tail), "01934f6e-7c1a-7bcd-bf01-2345678900fe")
    assert.strictEqual(uuidv7(0, new Uint8Array(10)), "00000000-0000-7000-8000-000000000000")
  })

  it.effect("taken together are all different, and in order", () =>
    Effect.gen(function* () {
      const ids = yield* Ids
      const taken = [...yield* ids.take("DEL", 300), yield* ids.next("DEL")]
      assert.deepStrictEqual(taken, [...taken].sort())
      assert.strictEqual(new Set(taken).size, 301)
      for (const id of taken) assert.match(id.slice(4), shape)
    }).pipe(Effect.provide(Ids.layer)))

  it.effect("under an Idempotency-Key the n-th id is the same whenever it is asked for", () =>
    Effect.gen(function* () {
      const ids = yield* Ids
      const three = Effect.all([ids.next("SUB"), ids.next("SUB"), ids.next("HAI"), ids.instant])
      const seed = () => ({ millis: 1_800_000_000_123, key: "acme POST /x k", taken: 0 })
      const first = yield* Effect.provideService(three, IdSeed, seed())
      assert.deepStrictEqual(yield* Effect.provideService(three, IdSeed, seed()), first)
      assert.strictEqual(new Set(first).size, 4)
      assert.strictEqual(first[3], 1_800_000_000_123)
      const taken = yield* Effect.provideService(ids.take("SUB", 2), IdSeed, seed())
      assert.deepStrictEqual<ReadonlyArray<unknown>>(taken, first.slice(0, 2))
      const other = yield* Effect.provideService(three, IdSeed, { ...seed(), key: "beta POST /x k" })
      assert.notStrictEqual(other[0], first[0])
    }).pipe(Effect.provide(Ids.layer)))
})
