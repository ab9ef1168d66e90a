/** `settings.schedule` of a goal: what it may hold, what each fault says, and the rule that it makes. */
import { assert, describe, it } from "@effect/vitest"
import { cronFault, parseCron } from "@stint/domain/Cron"
import { issuesUnder } from "@stint/domain/FieldIssues"
import { type Rule, ruleOf, ScheduleSettings } from "@stint/domain/Schedule"
import { Result } from "effect"

describe("settings.schedule", () => {
  const issues = issuesUnder(ScheduleSettings)
  const said = (schedule: unknown) => issues(schedule, "$.schedule").map(({ message, path }) => `${path}: ${message}`)
  const today = Date.UTC(2026, 10, 24) / 86_400_000

  it("takes what domain.md names", () => {
    assert.deepStrictEqual(said({}), [])
    assert.deepStrictEqual(
      said({
        at: "23:59",
        weekday: "sunday",
        day_of_month: 31,
        cron: "*/5 0-6,22 1,15 jan-MAR 7",
        timezone: "Asia/Kolkata",
        missed: "latest",
        overlap: "parallel",
        spread_seconds: 86_400,
      }),
      [],
    )
    for (const timezone of ["UTC", "Asia/Calcutta", "Etc/GMT+5", "US/Pacific"]) {
      assert.deepStrictEqual(said({ timezone }), [], timezone)
    }
  })

  it("says of each fault where it is and what would do", () => {
    const wrong = {
      at: "24:00",
      weekday: "Monday",
      day_of_month: 32,
      cron: "0 9 * *",
      timezone: "+05:30",
      missed: "all",
      overlap: "no",
      spread_seconds: 1.5,
      when: "now",
    }
    assert.sameMembers(said(wrong), [
      "$.schedule.at: must be a time of day HH:MM, 00:00 to 23:59",
      "$.schedule.weekday: must be one of: monday, tuesday, wednesday, thursday, friday, saturday, sunday",
      "$.schedule.day_of_month: must be a day of the month, 1 to 31",
      "$.schedule.cron: must have five fields: minute, hour, day-of-month, month, day-of-week, such as 0 9 * * 1-5",
      "$.schedule.timezone: must be a time zone by name, such as Asia/Kolkata or UTC; an offset is none",
      "$.schedule.missed: must be one of: each, latest, skip",
      "$.schedule.overlap: must be one of: skip, queue, parallel",
      "$.schedule.spread_seconds: must be an integer",
      "$.schedule.when: no such field",
    ])
    for (const timezone of ["-0500", "", " UTC", "Mars/Olympus", "UTC+5", "x".repeat(1000)]) {
      assert.lengthOf(said({ timezone }), 1, timezone)
    }
    for (const at of ["9:00", "09:60", "09:00:00", "", "09:00 "]) assert.lengthOf(said({ at }), 1, at)
  })

  it("names the field of a cron expression that is wrong", () => {
    const fields = ["minute", "hour", "day-of-month", "month", "day-of-week"]
    const wrong = [["60", "*/0", "5-60", "x"], ["24", "1-", "-1"], ["0", "32", "L", "?"], ["13", "january"], [
      "8",
      "5#2",
    ]]
    wrong.forEach((texts, nth) =>
      texts.forEach((text) => {
        const fault = cronFault(fields.map((_, at) => at === nth ? text : "*").join(" "), today)
        assert.match(fault ?? "", new RegExp(`^the ${fields[nth]} field takes `), text)
      })
    )
    for (const text of ["", "@daily", "* * * * * *", "* ".repeat(2000)]) {
      assert.match(cronFault(text, today) ?? "", /^must have five fields/, text)
    }
  })

  it("refuses a rule that does not fire in 8 years", () => {
    for (const text of ["0 0 30 2 *", "0 0 31 4,6,9,11 *"]) {
      assert.match(cronFault(text, today) ?? "", /^fires on no day of the next 8 years/, text)
    }
    for (const text of ["0 0 29 2 *", "0 0 31 2 mon"]) assert.isUndefined(cronFault(text, today), text)
    assert.isUndefined(cronFault("0 0 29 2 *", Date.UTC(2096, 2, 1) / 86_400_000), "from 2096 to 2104")
  })

  it("an expression is kept with single spaces", () => {
    assert.strictEqual(Result.getOrThrow(parseCron(" 0  9\t* * mon ")).text, "0 9 * * mon")
  })
})

describe("ruleOf", () => {
  const of = (frequency: Rule["frequency"], schedule?: ScheduleSettings, defaultAt?: string) =>
    ruleOf({ frequency, schedule, defaultTimezone: "Asia/Kolkata", defaultAt })

  it("fills in the defaults", () => {
    const timezone = "Asia/Kolkata"
    assert.deepStrictEqual(of("daily"), { frequency: "daily", at: "09:00", timezone })
    assert.deepStrictEqual(of("weekly"), { frequency: "weekly", at: "09:00", weekday: "monday", timezone })
    assert.deepStrictEqual(of("monthly"), { frequency: "monthly", at: "09:00", day_of_month: 1, timezone })
    assert.deepStrictEqual(of("on_demand"), { frequency: "on_demand" })
    assert.deepStrictEqual(of("daily", {}, "17:30"), { frequency: "daily", at: "17:30", timezone })
    assert.deepStrictEqual(of("daily", { at: "08:00", timezone: "UTC" }, "17:30"), {
      frequency: "daily",
      at: "08:00",
      timezone: "UTC",
    })
    assert.deepStrictEqual(of("cron", { cron: "0  9 * * *" }), { frequency: "cron", cron: "0 9 * * *", timezone })
  })

  it("a cron goal without an expression is a bug", () => {
    assert.throws(() => of("cron", {}))
  })
})
