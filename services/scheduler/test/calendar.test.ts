/** The calendar's rules one by one, readable; the oracle test has their breadth. */
import { Rule, ruleOf } from "@stint/domain/Schedule"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { between, nextAfter, rangeBetween } from "../src/Calendar.ts"
import { spreadOf } from "../src/Calendar/Spread.ts"

const cron = (expression: string, timezone: string): Rule => ({ frequency: "cron", cron: expression, timezone })
const daily = (at: string, timezone: string): Rule => ({ frequency: "daily", at, timezone })
const first = (rule: Rule, after: string, many: number) =>
  between(rule, Date.parse(after), Infinity, many).map((slot) => new Date(slot).toISOString().slice(0, 16))

describe("daylight saving", () => {
  it("a time that does not exist moves on by the gap", () => {
    assert.deepStrictEqual(first(daily("02:30", "Europe/Berlin"), "2026-03-28T00:00Z", 3), [
      "2026-03-28T01:30",
      "2026-03-29T01:30", // 03:30 local
      "2026-03-30T00:30",
    ])
    assert.deepStrictEqual(first(daily("02:10", "Australia/Lord_Howe"), "2026-10-03T00:00Z", 1), ["2026-10-03T15:40"])
  })

  it("a time that exists twice runs once, at the first", () => {
    assert.deepStrictEqual(first(daily("02:30", "Europe/Berlin"), "2026-10-24T12:00Z", 2), [
      "2026-10-25T00:30",
      "2026-10-26T01:30",
    ])
  })

  it("cron with * in its hour field fires twice in the repeated hour and never in the missing one", () => {
    assert.deepStrictEqual(first(cron("30 * * * *", "Europe/Berlin"), "2026-10-25T00:00Z", 3), [
      "2026-10-25T00:30",
      "2026-10-25T01:30",
      "2026-10-25T02:30",
    ])
    assert.deepStrictEqual(first(cron("30 */2 * * *", "Europe/Berlin"), "2026-03-28T23:30Z", 2), [
      "2026-03-29T02:30", // 04:30 local; 02:30 is missing
      "2026-03-29T04:30",
    ])
    assert.deepStrictEqual(first(cron("15 * * * *", "Australia/Lord_Howe"), "2026-10-03T14:00Z", 2), [
      "2026-10-03T14:45",
      "2026-10-03T16:15",
    ])
  })

  it("cron with fixed hours keeps its slots in order over a gap, and slots on one instant are one", () => {
    assert.deepStrictEqual(first(cron("10,35 2 * * *", "Australia/Lord_Howe"), "2026-10-03T00:00Z", 2), [
      "2026-10-03T15:35",
      "2026-10-03T15:40",
    ])
    assert.deepStrictEqual(first(cron("30 2,3 * * *", "Europe/Berlin"), "2026-03-29T00:00Z", 2), [
      "2026-03-29T01:30",
      "2026-03-30T00:30",
    ])
  })

  it("a day that a zone left out moves on whole", () => {
    const friday: Rule = { frequency: "weekly", at: "09:00", weekday: "friday", timezone: "Pacific/Apia" }
    assert.deepStrictEqual(first(friday, "2011-12-29T00:00Z", 2), ["2011-12-30T19:00", "2012-01-05T19:00"])
  })

  it("a gap may reach over the end of a year", () => {
    // 31 December 1994 did not exist there; its slot is of 1 January 1995
    assert.deepStrictEqual(first(cron("0 21 31 12 *", "Pacific/Kiritimati"), "1994-06-01T00:00Z", 2), [
      "1995-01-01T07:00",
      "1995-12-31T07:00",
    ])
  })
})

describe("days", () => {
  it("a month without the day runs on its last day", () => {
    const last: Rule = { frequency: "monthly", at: "09:00", day_of_month: 31, timezone: "UTC" }
    assert.deepStrictEqual(first(last, "2028-01-31T12:00Z", 3), [
      "2028-02-29T09:00",
      "2028-03-31T09:00",
      "2028-04-30T09:00",
    ])
  })

  it("cron skips a month without the day", () => {
    assert.deepStrictEqual(first(cron("0 9 31 * *", "UTC"), "2028-01-31T12:00Z", 2), [
      "2028-03-31T09:00",
      "2028-05-31T09:00",
    ])
  })

  it("either day field is enough when both are restricted", () => {
    assert.deepStrictEqual(first(cron("0 9 13 * fri", "UTC"), "2026-11-06T10:00Z", 3), [
      "2026-11-13T09:00",
      "2026-11-20T09:00",
      "2026-11-27T09:00",
    ])
    assert.deepStrictEqual(first(cron("0 9 15 * fri", "UTC"), "2026-11-13T10:00Z", 2), [
      "2026-11-15T09:00",
      "2026-11-20T09:00",
    ])
  })

  it("a leap day is found across 2100", () => {
    assert.deepStrictEqual(first(cron("0 0 29 2 *", "Asia/Tokyo"), "2096-02-29T00:00Z", 1), ["2104-02-28T15:00"])
  })

  it("on_demand has no slots", () => {
    assert.isUndefined(nextAfter({ frequency: "on_demand" }, 0))
    assert.deepStrictEqual(between({ frequency: "on_demand" }, 0, Infinity, 10), [])
  })
})

describe("between", () => {
  const rule = daily("09:00", "UTC")
  const nine = Date.parse("2026-06-01T09:00Z")
  it("leaves out its start, takes its end, and stops at its limit", () => {
    assert.deepStrictEqual(between(rule, nine, nine + 86_400_000, 10), [nine + 86_400_000])
    assert.deepStrictEqual(between(rule, nine - 1, nine - 1, 10), [])
    assert.deepStrictEqual(between(rule, nine - 1, Infinity, 2), [nine, nine + 86_400_000])
    assert.deepStrictEqual(between(rule, nine - 1, Infinity, 0), [])
  })

  it("rangeBetween tells the same slots together", () => {
    assert.deepStrictEqual(rangeBetween(rule, nine - 1, nine + 3 * 86_400_000), {
      from: nine,
      to: nine + 3 * 86_400_000,
      count: 4,
    })
    assert.isUndefined(rangeBetween(rule, nine, nine + 1))
  })
})

describe("properties", () => {
  const zones = ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Nuuk", "Africa/Casablanca", "Pacific/Apia"]
  const minute = Schema.Literals(["0", "30", "*/15", "7,45", "10-20/5", "*"])
  const hour = Schema.Literals(["*", "2", "*/3", "0-4", "1,2,23", "*/1"])
  const days = Schema.Literals(["*", "1", "*/2", "13,31", "28-31"])
  const months = Schema.Literals(["*", "3,10", "jan-jun", "*/5"])
  const weekday = Schema.Literals(["*", "7", "mon-fri", "*/2", "0"])
  const Case = Schema.Struct({
    frequency: Schema.Literals(["daily", "weekly", "monthly", "cron", "on_demand"]),
    hours: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 23 })),
    minutes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 59 })),
    weekday: Schema.Literals(["monday", "wednesday", "sunday"]),
    day_of_month: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 31 })),
    cron: Schema.Tuple([minute, hour, days, months, weekday]),
    timezone: Schema.Literals(zones),
    // 1995 to 2044
    instant: Schema.Int.check(Schema.isBetween({ minimum: 788_918_400_000, maximum: 2_335_219_200_000 })),
  })
  const ruleOfCase = (one: typeof Case.Type): Rule => {
    const at = [one.hours, one.minutes].map((part) => String(part).padStart(2, "0")).join(":")
    const all = { at, weekday: one.weekday, day_of_month: one.day_of_month, cron: one.cron.join(" ") }
    return ruleOf({ frequency: one.frequency, schedule: all, defaultTimezone: one.timezone })
  }

  it.prop("slots rise, and between is nextAfter again and again", { one: Arbitrary.schema(Case) }, ({ one }) => {
    const rule = ruleOfCase(one)
    const stepped: Array<number> = []
    let at: number | undefined = one.instant
    for (let nth = 0; nth < 40; nth++) {
      at = nextAfter(rule, at)
      if (at === undefined) break
      assert.isAbove(at, stepped.at(-1) ?? one.instant)
      stepped.push(at)
    }
    assert.deepStrictEqual(between(rule, one.instant, Infinity, 40), stepped)
  }, { arbitrary: { runs: 500 } })

  it.prop("a slot is found from every instant before it", { one: Arbitrary.schema(Case) }, ({ one }) => {
    const rule = ruleOfCase(one)
    const slot = nextAfter(rule, one.instant)
    if (slot === undefined) return
    for (const part of [0.1, 0.5, 0.9]) {
      assert.strictEqual(nextAfter(rule, one.instant + Math.floor((slot - 1 - one.instant) * part)), slot)
    }
    assert.strictEqual(nextAfter(rule, slot - 1), slot)
  }, { arbitrary: { runs: 500 } })

  it.prop("a rule comes back from JSON as it was", { one: Arbitrary.schema(Case) }, ({ one }) => {
    const rule = ruleOfCase(one)
    const json = JSON.parse(JSON.stringify(Schema.encodeSync(Rule)(rule)))
    assert.deepStrictEqual(Schema.decodeUnknownSync(Rule)(json), rule)
  })
})

describe("spreadOf", () => {
  it("is stable, within its window, and even over ids that differ at their end", () => {
    assert.strictEqual(spreadOf("GOI-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11", 0), 0)
    assert.strictEqual(spreadOf("GOI-1", 600), spreadOf("GOI-1", 600))
    const tenths = new Array<number>(10).fill(0)
    for (let nth = 0; nth < 10_000; nth++) {
      const offset = spreadOf(`GOI-01934f6e-7c1a-7b3e-9a51-${nth.toString(16).padStart(12, "0")}`, 600)
      assert.isTrue(Number.isInteger(offset) && offset >= 0 && offset < 600_000)
      tenths[Math.floor(offset / 60_000)]!++
    }
    for (const count of tenths) assert.closeTo(count, 1000, 150)
  })
})
