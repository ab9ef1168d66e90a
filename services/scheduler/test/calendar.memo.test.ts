/** A rule is evaluated once in a zone, whatever number of goals share both; and what is remembered is what is right. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { memoised } from "../src/Calendar/Memo.ts"
import { nextAfter } from "../src/Calendar.ts"

describe("a shared evaluation", () => {
  const counting = () => {
    const asked: Array<number> = []
    const every10 = memoised((step: number) => String(step), (step, instant) => {
      asked.push(instant)
      return (Math.floor(instant / step) + 1) * step
    })
    return { asked, every10: (instant: number) => every10(10, instant) }
  }

  it("ten thousand goals that are due at one slot ask twice: for that slot and for the next", () => {
    const { asked, every10 } = counting()
    for (let goal = 0; goal < 10_000; goal++) {
      assert.strictEqual(every10(99), 100)
      assert.strictEqual(every10(100), 110)
    }
    assert.deepStrictEqual(asked, [99, 100])
  })

  it("an instant before what is known of a slot widens it", () => {
    const { asked, every10 } = counting()
    assert.deepStrictEqual([every10(95), every10(92), every10(93)], [100, 100, 100])
    assert.deepStrictEqual(asked, [95, 92])
  })

  it("none to come is asked again", () => {
    let asked = 0
    const never = memoised(() => "never", () => void asked++)
    assert.isUndefined(never(1, 1))
    assert.isUndefined(never(1, 1))
    assert.strictEqual(asked, 2)
  })

  it.prop(
    "in any order, every instant gets the slot that it would get alone",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 500 })))],
    ([instants]) => {
      const { every10 } = counting()
      for (const instant of instants) assert.strictEqual(every10(instant), (Math.floor(instant / 10) + 1) * 10)
    },
  )

  it("rules that differ in their zone alone do not share", () => {
    const at = Date.UTC(2026, 5, 1)
    const daily = { frequency: "daily", at: "09:00" } as const
    assert.notStrictEqual(
      nextAfter({ ...daily, timezone: "Europe/Berlin" as never }, at),
      nextAfter({ ...daily, timezone: "Asia/Kolkata" as never }, at),
    )
  })
})
