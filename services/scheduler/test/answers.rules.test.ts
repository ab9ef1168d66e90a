/** Pure: which version of a goal governs an instant, the pauses that the action log records, and how times are worded. */
import { assert, describe, it } from "@effect/vitest"
import type { ActionRow } from "../src/ActionLog/Row.ts"
import { pausesDuring, pausesOf } from "../src/Answers/Pauses.ts"
import { nextSlot, previousSlot, slotIn } from "../src/Answers/Rules.ts"
import { segmentAt, segmentsOf } from "../src/Timeline.ts"
import { lasting, timesOf } from "../src/Answers/Words.ts"
import { ruleInWords } from "../src/Timeline/Words.ts"
import { DAY, HOUR, MINUTE, off, slot, versionOf } from "./AnswersFacts.ts"

const at = (text: string) => Date.parse(text)

describe("the versions of a goal", () => {
  const rows = [
    versionOf({ valid_from: at("2026-11-01T00:00:00Z") }),
    versionOf({ ...off, valid_from: at("2026-11-10T00:00:00Z") }),
    versionOf({ valid_from: at("2026-11-20T08:00:00Z"), schedule: { at: "10:00", spread_seconds: 3600 } }),
  ]
  const segments = segmentsOf(rows)
  it("a version governs the instants after it was written; a slot is that of the rule that held", () => {
    assert.strictEqual(segmentAt(segments, at("2026-11-20T08:00:00Z"))!.row, rows[1])
    assert.strictEqual(segmentAt(segments, at("2026-11-20T08:00:00.001Z"))!.row, rows[2])
    assert.strictEqual(segmentAt(segments, at("2026-11-01T00:00:00Z")), undefined)
    const eight = at("2026-11-20T08:00:00Z")
    assert.strictEqual(slotIn(segments, eight, eight + MINUTE)?.segment.row, rows[1])
    assert.strictEqual(slotIn(segments, eight + DAY, eight + DAY + MINUTE), undefined)
    const nine = eight + DAY + HOUR
    assert.strictEqual(slotIn(segments, nine, nine + 1)?.slot, nine)
  })

  it("the slots around an instant are those that were to run, by the rules that held", () => {
    const middle = at("2026-11-15T12:00:00Z")
    assert.strictEqual(previousSlot(segments, middle), at("2026-11-09T08:00:00Z"))
    assert.strictEqual(nextSlot(segments, middle), at("2026-11-20T09:00:00Z"))
    assert.strictEqual(previousSlot(segments, at("2026-11-01T08:00:00Z")), null)
    assert.strictEqual(nextSlot(segmentsOf(rows.slice(0, 2)), middle), null)
  })

  it("a slot is found by the minute in which its spread starts it", () => {
    const named = slotIn(segments, at("2026-11-22T00:00:00Z"), at("2026-11-23T00:00:00Z"), true)!
    assert.strictEqual(named.slot, at("2026-11-22T09:00:00Z"))
  })
})

describe("pauses", () => {
  const line = (action: "pause" | "resume", timestamp: number, more: Partial<ActionRow> = {}): ActionRow => ({
    log_id: `LOG-${timestamp}`,
    action,
    operator: "olga",
    timestamp,
    goal_instance_id: null,
    reason: null,
    action_metadata: {},
    ...more,
  })
  it("follow from the lines of each scope; the line of a resume has its pause", () => {
    const scope = { hired_instance_id: "HAI-1" }
    const pauses = pausesOf([
      line("resume", 500, { action_metadata: { scope, paused_by: "otto", paused_at: new Date(100).toISOString() } }),
      line("pause", 200, { reason: "deploy" }),
      line("resume", 300, {
        operator: "otto",
        action_metadata: { paused_by: "olga", paused_at: new Date(199).toISOString() },
      }),
      line("pause", 600, { action_metadata: { scope } }),
    ])
    assert.deepStrictEqual(pauses.map((p) => [p.paused_at, p.paused_by, p.reason, p.resumed_at, p.resumed_by]), [
      [100, "otto", null, 500, "olga"],
      [199, "olga", "deploy", 300, "otto"],
      [600, "olga", null, null, null],
    ])
    assert.strictEqual(pausesDuring(pauses, 300, 499).length, 1)
    assert.strictEqual(pausesDuring(pauses, 500, 700).length, 1)
    assert.strictEqual(pausesDuring(pauses, 0, 99).length, 0)
  })
})

describe("words", () => {
  it("are those of rules, times and lengths", () => {
    assert.strictEqual(
      ruleInWords({ frequency: "monthly", at: "09:00", day_of_month: 31, timezone: "UTC" }),
      "monthly on day 31 (or the month's last) at 09:00 UTC",
    )
    assert.strictEqual(ruleInWords({ frequency: "cron", cron: "0 9 * * *", timezone: "UTC" }), "cron 0 9 * * * in UTC")
    assert.deepStrictEqual([0, 999, 1000, 61_000, HOUR, 90_061_000].map(lasting), [
      "0 ms",
      "999 ms",
      "1 s",
      "1 min 1 s",
      "1 h",
      "1 d 1 h",
    ])
    const times = timesOf("Asia/Kolkata")
    assert.strictEqual(times.full(slot), "Tue 2026-11-24 13:30 Asia/Kolkata")
    assert.strictEqual(times.brief(slot + 12 * HOUR, slot), "Wed 2026-11-25 01:30")
    assert.strictEqual(timesOf("Mars/Olympus").full(slot), "Tue 2026-11-24 08:00 UTC")
  })
})
