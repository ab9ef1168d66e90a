/** The periods of mandates: days, weeks from Monday and months, by the calendar of a zone. */
import { assert, it } from "@effect/vitest"
import { Schema } from "effect"
import { periodOf } from "../src/Mandates/Periods.ts"

const at = (text: string) => Date.parse(text)
const shown = (per: "day" | "week" | "month", zone: string, instant: string) => {
  const { endsAt, first } = periodOf(per, zone, at(instant))
  return [first, new Date(endsAt).toISOString()]
}

it("a day, a week from Monday and a month begin at midnight of the zone", () => {
  // 18:29 UTC is 23:59 in Kolkata
  assert.deepStrictEqual(shown("day", "Asia/Kolkata", "2026-03-01T18:29:59.999Z"), [
    "2026-03-01",
    "2026-03-01T18:30:00.000Z",
  ])
  assert.deepStrictEqual(shown("day", "Asia/Kolkata", "2026-03-01T18:30:00.000Z"), [
    "2026-03-02",
    "2026-03-02T18:30:00.000Z",
  ])
  assert.deepStrictEqual(shown("week", "UTC", "2026-03-01T23:59:59.999Z"), ["2026-02-23", "2026-03-02T00:00:00.000Z"])
  assert.deepStrictEqual(shown("week", "UTC", "2026-03-02T00:00:00.000Z"), ["2026-03-02", "2026-03-09T00:00:00.000Z"])
  assert.deepStrictEqual(shown("month", "America/New_York", "2026-03-01T04:59:59.999Z"), [
    "2026-02-01",
    "2026-03-01T05:00:00.000Z",
  ])
  assert.deepStrictEqual(shown("month", "America/New_York", "2026-12-31T12:00:00.000Z"), [
    "2026-12-01",
    "2027-01-01T05:00:00.000Z",
  ])
})

it("a day without a midnight ends at its next day's first instant", () => {
  // Cairo's clocks went from 00:00 to 01:00 on 2026-04-24
  assert.deepStrictEqual(shown("day", "Africa/Cairo", "2026-04-23T12:00:00.000Z"), [
    "2026-04-23",
    "2026-04-23T22:00:00.000Z",
  ])
})

it.prop("periods follow each other without a gap, and the last instant of one is in it", {
  per: Schema.Literals(["day", "week", "month"]),
  zone: Schema.Literals([
    "UTC",
    "Asia/Kolkata",
    "America/New_York",
    "Africa/Cairo",
    "Pacific/Apia",
    "Australia/Lord_Howe",
  ]),
  millis: Schema.Int.check(Schema.isBetween({ minimum: at("2020-01-01"), maximum: at("2040-01-01") })),
}, ({ millis, per, zone }) => {
  const { endsAt, first } = periodOf(per, zone, millis)
  assert.isBelow(millis, endsAt)
  assert.strictEqual(periodOf(per, zone, endsAt - 1).first, first)
  assert.isAbove(Date.parse(periodOf(per, zone, endsAt).first), Date.parse(first))
})
