import { InstantColumn, isoOf, LAST_INSTANT } from "@stint/domain/Instants"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Exit, Schema } from "effect"

describe("an instant as text", () => {
  it.each([
    0,
    1,
    999,
    86_399_999,
    86_400_000,
    Date.UTC(2024, 1, 29, 23, 59, 59, 7),
    Date.UTC(2100, 1, 28),
    LAST_INSTANT,
  ])(
    "%d is as Date has it",
    (millis) => assert.strictEqual(isoOf(millis), new Date(millis).toISOString()),
  )

  it("of any time of many days is as Date has it", () => {
    // a prime, so that every part of the time takes many values
    for (let millis = 0; millis < 4e12; millis += 1_234_567_891) {
      assert.strictEqual(isoOf(millis), new Date(millis).toISOString())
    }
  })

  it("before 1970, after 9999 and of no instant is as Date has it", () => {
    // those that share a place with each other: neither gets the other's text
    for (const millis of [61, 122, 61, 86_400_000 * 61, 61]) {
      assert.strictEqual(isoOf(millis), new Date(millis).toISOString())
    }
    for (const millis of [-1, LAST_INSTANT + 1]) assert.strictEqual(isoOf(millis), new Date(millis).toISOString())
    assert.throws(() => isoOf(NaN), RangeError)
  })
})

describe("a column of instants", () => {
  it("is read as it is written", () => {
    const date = new Date("2026-03-01T09:00:00.123Z")
    const at = Schema.decodeUnknownSync(InstantColumn)(date)
    assert.isTrue(DateTime.isDateTime(at))
    assert.deepStrictEqual(Schema.encodeSync(InstantColumn)(at), date)
  })

  it("refuses what is no instant", () => {
    const decode = Schema.decodeUnknownExit(InstantColumn)
    for (const value of [new Date(NaN), "2026-03-01T09:00:00Z", null, 0]) assert.isTrue(Exit.isFailure(decode(value)))
  })
})
