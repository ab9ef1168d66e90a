/** Looking back, and what a person is told of clock changes. */
import { Rule } from "@stint/domain/Schedule"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { nextAfter, previousBefore } from "../src/Calendar.ts"
import { firstPassOf, localOf, noteOf } from "../src/Calendar/Local.ts"

const cron = (expression: string, timezone: string): Rule => ({ frequency: "cron", cron: expression, timezone })
const daily = (at: string, timezone: string): Rule => ({ frequency: "daily", at, timezone })
const at = (text: string) => Date.parse(text)

describe("previousBefore", () => {
  it("is the last slot before an instant, however rare", () => {
    const iso = (rule: Rule, instant: string) => {
      const slot = previousBefore(rule, at(instant))
      return slot === undefined ? undefined : new Date(slot).toISOString().slice(0, 16)
    }
    assert.strictEqual(iso(cron("* * * * *", "UTC"), "2026-06-01T12:00Z"), "2026-06-01T11:59")
    assert.strictEqual(iso(daily("09:00", "Europe/Berlin"), "2026-06-01T07:00Z"), "2026-05-31T07:00")
    assert.strictEqual(iso(daily("09:00", "Europe/Berlin"), "2026-06-01T07:00:01Z"), "2026-06-01T07:00")
    assert.strictEqual(iso(cron("0 0 29 2 *", "UTC"), "2027-06-01T00:00Z"), "2024-02-29T00:00")
    assert.strictEqual(iso(cron("0 0 29 2 *", "UTC"), "2104-01-01T00:00Z"), "2096-02-29T00:00")
    assert.strictEqual(iso(daily("02:30", "Europe/Berlin"), "2026-03-29T12:00Z"), "2026-03-29T01:30")
    assert.strictEqual(previousBefore({ frequency: "on_demand" }, at("2026-01-01T00:00Z")), undefined)
  })

  const Case = Schema.Struct({
    minute: Schema.Literals(["0", "*/15", "7,45", "*"]),
    hour: Schema.Literals(["*", "2", "*/3", "1,2,23"]),
    days: Schema.Literals(["*", "1", "13,31", "29"]),
    months: Schema.Literals(["*", "3,10", "2", "*/5"]),
    weekday: Schema.Literals(["*", "7", "mon-fri"]),
    timezone: Schema.Literals(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"]),
    // 1995 to 2044
    instant: Schema.Int.check(Schema.isBetween({ minimum: 788_918_400_000, maximum: 2_335_219_200_000 })),
  })
  it.prop("undoes nextAfter, and leaves out no slot", { one: Arbitrary.schema(Case) }, ({ one }) => {
    const rule = cron([one.minute, one.hour, one.days, one.months, one.weekday].join(" "), one.timezone)
    const next = nextAfter(rule, one.instant)!
    const after = nextAfter(rule, next)!
    assert.strictEqual(previousBefore(rule, after), next)
    const before = previousBefore(rule, next)!
    assert.isAtMost(before, one.instant)
    assert.strictEqual(nextAfter(rule, before), next)
  }, { arbitrary: { runs: 300 } })
})

describe("localOf", () => {
  it("is the wall time with its offset", () => {
    assert.strictEqual(localOf("Europe/Berlin", at("2026-03-29T01:30Z")), "2026-03-29T03:30:00+02:00")
    assert.strictEqual(localOf("Asia/Kolkata", at("2026-11-24T03:30:05Z")), "2026-11-24T09:00:05+05:30")
    assert.strictEqual(localOf("America/St_Johns", at("2026-01-01T00:00Z")), "2025-12-31T20:30:00-03:30")
    assert.strictEqual(localOf("Africa/Monrovia", at("1971-01-01T00:44:30Z")), "1971-01-01T00:00:00-00:44:30")
    assert.throws(() => localOf("Mars/Olympus", 0), RangeError)
  })
})

describe("noteOf", () => {
  it("says of a moved slot what did not exist, and where it went", () => {
    const rule = daily("02:30", "Europe/Berlin")
    assert.strictEqual(
      noteOf(rule, at("2026-03-29T01:30Z")),
      "02:30 does not exist on this day in Europe/Berlin: clocks go forward from 02:00 to 03:00, so it moves to 03:30",
    )
    assert.strictEqual(noteOf(rule, at("2026-03-28T01:30Z")), undefined)
    assert.include(noteOf(cron("30 2,3 * * *", "Europe/Berlin"), at("2026-03-29T01:30Z")), "falls together with 03:30")
    assert.strictEqual(noteOf(daily("03:30", "Europe/Berlin"), at("2026-03-29T01:30Z")), undefined)
    assert.strictEqual(noteOf(cron("30 * * * *", "Europe/Berlin"), at("2026-03-29T01:30Z")), undefined)
  })

  it("tells the days of a day that a zone left out", () => {
    assert.strictEqual(
      noteOf(
        { frequency: "weekly", at: "09:00", weekday: "friday", timezone: "Pacific/Apia" },
        at("2011-12-30T19:00Z"),
      ),
      "2011-12-30 09:00 does not exist on this day in Pacific/Apia: clocks go forward from 00:00 to 2011-12-31 00:00, " +
        "so it moves to 2011-12-31 09:00",
    )
  })

  it("says of a repeated hour which of the two it is", () => {
    const first = at("2026-10-25T00:30Z")
    assert.strictEqual(
      noteOf(daily("02:30", "Europe/Berlin"), first),
      "the first 02:30 of two: clocks go back from 03:00 to 02:00, and it counts once, at the first",
    )
    const each = cron("30 * * * *", "Europe/Berlin")
    assert.include(noteOf(each, first), "this rule fires at both")
    assert.include(noteOf(each, first + 3_600_000), "the second 02:30 of two")
    assert.strictEqual(noteOf(each, first - 3_600_000), undefined)
    assert.strictEqual(noteOf(each, first + 2 * 3_600_000), undefined)
    assert.strictEqual(noteOf({ frequency: "on_demand" }, first), undefined)
  })
})

describe("firstPassOf", () => {
  it("leads from the second coming of a local time to the first, which counted", () => {
    const rule = daily("02:30", "Europe/Berlin")
    const second = at("2026-10-25T01:30Z")
    assert.strictEqual(firstPassOf(rule, second + 20_000), at("2026-10-25T00:30Z"))
    assert.strictEqual(firstPassOf(rule, second + 60_000), undefined)
    assert.strictEqual(firstPassOf(rule, at("2026-10-25T00:30Z")), undefined)
    assert.strictEqual(firstPassOf(cron("30 * * * *", "Europe/Berlin"), second), undefined)
  })
})
