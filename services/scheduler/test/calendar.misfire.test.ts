/** What becomes of missed slots (domain.md, "Rules: when it runs": missed). */
import { assert, describe, it } from "@effect/vitest"
import { decide } from "../src/Calendar/Misfire.ts"

const now = Date.parse("2026-06-10T12:00:00Z")
const hour = 3_600_000
const minute = 60_000
const ago = (ms: number) => now - ms

describe("misfire", () => {
  const late = [ago(3 * hour), ago(2 * hour), ago(hour)]
  const onTime = [ago(minute), ago(1), now]

  it("a slot noticed within a minute is on time under every policy", () => {
    for (const missed of ["each", "latest", "skip"] as const) {
      assert.deepStrictEqual(decide({ slots: onTime, now, missed }), { run: onTime, skipped: [] })
    }
  })

  it("each runs every missed one, oldest first", () => {
    const slots = [...late, ...onTime]
    assert.deepStrictEqual(decide({ slots, now, missed: "each" }), { run: slots, skipped: [] })
  })

  it("latest runs the last missed one, or none when a slot on time runs instead", () => {
    const skip = { code: "missed_superseded", reason: "missed: a later slot runs instead" } as const
    assert.deepStrictEqual(decide({ slots: late, now, missed: "latest" }), {
      run: late.slice(-1),
      skipped: late.slice(0, -1).map((slot) => ({ slot, ...skip })),
    })
    assert.deepStrictEqual(decide({ slots: [...late, now], now, missed: "latest" }), {
      run: [now],
      skipped: late.map((slot) => ({ slot, ...skip })),
    })
  })

  it("skip runs none of them", () => {
    assert.deepStrictEqual(decide({ slots: [...late, now], now, missed: "skip" }), {
      run: [now],
      skipped: late.map((slot) => ({
        slot,
        code: "missed_skipped" as const,
        reason: "missed: the goal skips missed slots",
      })),
    })
  })

  it("those older than 24 h are one range, under every policy", () => {
    const old = [ago(72 * hour), ago(48 * hour), ago(24 * hour + 1)]
    const range = { from: old[0]!, to: old[2]!, code: "too_old" as const, reason: "older than 24 h" }
    for (const missed of ["each", "latest", "skip"] as const) {
      assert.deepStrictEqual(decide({ slots: old, now, missed }), { run: [], skipped: [], range })
    }
    assert.deepStrictEqual(decide({ slots: [ago(24 * hour)], now, missed: "each" }).run, [ago(24 * hour)])
  })

  it("joins a range that was counted before", () => {
    const older = { from: ago(100 * hour), to: ago(50 * hour) }
    assert.deepStrictEqual(decide({ slots: [now], older, now, missed: "each" }).range, {
      ...older,
      code: "too_old",
      reason: "older than 24 h",
    })
    assert.deepStrictEqual(decide({ slots: [ago(49 * hour)], older, now, missed: "each" }).range, {
      from: older.from,
      to: ago(49 * hour),
      code: "too_old",
      reason: "older than 24 h",
    })
  })

  it("nothing due, nothing done", () => {
    assert.deepStrictEqual(decide({ slots: [], now, missed: "each" }), { run: [], skipped: [] })
  })
})
