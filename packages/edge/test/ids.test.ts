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

  it.effect("under an Idempotency-Key the n-th id is the same whenever it is asked for", () =>
    Effect.gen(function* () {
      const ids = yield* Ids
      const three = Effect.all([ids.next("SUB"), ids.next("SUB"), ids.next("HAI"), ids.instant])
      const seed = () => ({ millis: 1_800_000_000_123, key: "acme POST /x k", taken: 0 })
      const first = yield* Effect.provideService(three, IdSeed, seed())
      assert.deepStrictEqual(yield* Effect.provideService(three, IdSeed, seed()), first)
      assert.strictEqual(new Set(first).size, 4)
      assert.strictEqual(first[3], 1_800_000_000_123)
      const other = yield* Effect.provideService(three, IdSeed, { ...seed(), key: "beta POST /x k" })
      assert.notStrictEqual(other[0], first[0])
    }).pipe(Effect.provide(Ids.layer)))
})
