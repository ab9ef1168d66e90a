/** When a person is told, by the clock of its zone: quiet hours and digests, also where the clock jumps; and what messages say. */
import { assert, describe, it } from "@effect/vitest"
import type { ToldEvent } from "@stint/domain/deliverables/Notices"
import { DateTime, Effect, Schema } from "effect"
import { lineOf, quoted, slackBody, slackEscaped, subjectOf, textOf } from "../src/Notices/Content.ts"
import { LEAD, nextAt, planOf, quietUntil, stillHolds } from "../src/Notices/Policy.ts"

const MINUTE = 60_000
const at = (iso: string) => Date.parse(iso)
const clockOf = (instant: number, zone: string) =>
  new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(
    instant,
  )

const zones = [
  "UTC",
  "Asia/Kolkata",
  "Europe/Berlin",
  "America/New_York",
  "Pacific/Apia",
  "Australia/Lord_Howe",
] as const
const Zone = Schema.Literals(zones)
const Instant = Schema.Int.check(
  Schema.isBetween({ minimum: at("2026-01-01T00:00:00Z"), maximum: at("2027-12-31T00:00:00Z") }),
)
const Time = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1439 }))
const timeOf = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`

describe("the next time of a clock", () => {
  it.each(
    [
      ["2026-03-01T02:00:00Z", "08:00", "Asia/Kolkata", "2026-03-01T02:30:00Z"],
      ["2026-03-01T02:30:00Z", "08:00", "Asia/Kolkata", "2026-03-02T02:30:00Z"],
      // 02:30 is skipped on the 29th of March in Berlin: it counts when the clock passes it
      ["2026-03-29T00:00:00Z", "02:30", "Europe/Berlin", "2026-03-29T01:30:00Z"],
      // 02:30 comes twice on the 25th of October: the first
      ["2026-10-24T22:00:00Z", "02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"],
      ["2026-10-25T00:30:00Z", "08:00", "Europe/Berlin", "2026-10-25T07:00:00Z"],
    ] as const,
  )("after %s is at %s in %s: %s", (now, time, zone, then) => {
    assert.strictEqual(new Date(nextAt(at(now), time, zone)).toISOString(), new Date(at(then)).toISOString())
  })

  it.prop(
    "is later, within two days, and shows that time but where the clock jumped",
    [Instant, Time, Zone],
    ([now, minutes, zone]) => {
      const next = nextAt(now, timeOf(minutes), zone)
      const offset = (t: number) => DateTime.zonedOffset(DateTime.makeZonedUnsafe(t, { timeZone: zone }))
      const jumps = offset(now) !== offset(next + 2 * 3_600_000)
      return next > now && next <= now + 50 * 3_600_000 && (jumps || clockOf(next, zone) === timeOf(minutes))
    },
  )
})

describe("quiet hours", () => {
  const hours = (quiet_from: string, quiet_to: string, timezone = "Asia/Kolkata") => ({
    quiet_from,
    quiet_to,
    timezone,
    digest_at: "08:00",
  })

  it("over midnight end in the morning, and begin early by what an attempt may take", () => {
    const night = hours("22:00", "07:00")
    const morning = at("2026-03-02T01:30:00Z")
    assert.strictEqual(quietUntil(at("2026-03-01T17:00:00Z"), night), morning)
    assert.strictEqual(quietUntil(at("2026-03-01T20:00:00Z"), night), morning)
    assert.strictEqual(quietUntil(at("2026-03-01T16:30:00Z") - LEAD + 1, night), morning)
    assert.strictEqual(quietUntil(at("2026-03-01T16:30:00Z") - LEAD - MINUTE, night), undefined)
    assert.strictEqual(quietUntil(morning, night), undefined)
    assert.strictEqual(
      quietUntil(at("2026-03-01T12:00:00Z"), { ...night, quiet_from: null, quiet_to: null }),
      undefined,
    )
  })

  it.prop(
    "have ended when they say so, and hold for every minute before",
    [Instant, Time, Time, Zone],
    ([now, from, to, zone]) => {
      if (from === to) return true
      const set = hours(timeOf(from), timeOf(to), zone)
      const until = quietUntil(now, set)
      if (until === undefined) return true
      if (until <= now || until > now + 50 * 3_600_000) return false
      const within = (t: number) => {
        const clock = clockOf(t, zone)
        return from < to ? clock >= timeOf(from) && clock < timeOf(to) : clock >= timeOf(from) || clock < timeOf(to)
      }
      // at most an hour late where the clock was set back meanwhile, never early
      return !within(until) || quietUntil(until, set) !== undefined
    },
  )
})

describe("a plan", () => {
  const reviewer = { timezone: "UTC", digest_at: "08:00", quiet_from: null, quiet_to: null, events: {} }
  const now = at("2026-03-01T09:00:00Z")
  it("follows a person's choice, else the event's default", () => {
    assert.deepStrictEqual(planOf("draft_waiting", now, reviewer), { mode: "now", due: now })
    assert.strictEqual(planOf("executed", now, reviewer), undefined)
    assert.deepStrictEqual(planOf("expired", now, reviewer), { mode: "digest", due: at("2026-03-02T08:00:00Z") })
    assert.strictEqual(planOf("draft_waiting", now, { ...reviewer, events: { draft_waiting: "off" } }), undefined)
  })
  it("asks for no decision that was made", () => {
    const draft = { customer_id: "acme", waits: false, deleted: false }
    assert.deepStrictEqual(
      [
        stillHolds("draft_waiting", draft),
        stillHolds("expired", draft),
        stillHolds("executed", { ...draft, deleted: true }),
      ],
      [false, true, false],
    )
  })
})

describe("what a message says", () => {
  const event = (title: string): ToldEvent => ({
    event: "draft_waiting",
    subject: "DEL-1",
    at: DateTime.makeUnsafe(0),
    escalated: false,
    details: { deliverable_id: "DEL-1", title },
  })
  const hostile = "Hi\r\nBcc: all@example.com\u2028<!channel> <https://evil.example|click> & \u202Egnp.exe"

  it("keeps the text of a draft in one line, in quotes, without control characters", () => {
    assert.strictEqual(quoted("a\r\n b\u0000c\u202Ed"), "“a b c d”")
    assert.strictEqual([...quoted("x".repeat(500), 20)].length, 22)
    for (const text of [subjectOf([event(hostile)]), lineOf(event(hostile))]) {
      // deno-lint-ignore no-control-regex -- these are what must not be there
      assert.notMatch(text, /[\r\n\u0000-\u001f\u2028\u202e]/)
    }
  })

  it("escapes what Slack reads as markup, and switches its markup off", () => {
    assert.strictEqual(slackEscaped("<!here> & <a|b>"), "&lt;!here&gt; &amp; &lt;a|b&gt;")
    const body = JSON.parse(slackBody("s", textOf([event(hostile)], () => undefined)))
    assert.notMatch(body.text, /[<>]/)
    assert.deepInclude(body, { mrkdwn: false, parse: "none", link_names: 0, unfurl_links: false })
  })

  it("of very many events names the first, and how many more there are", () => {
    const text = textOf(Array.from({ length: 120 }, (_, i) => event(`draft ${i}`)), () => "https://c.example/x")
    assert.include(text, "And 70 more.")
    assert.strictEqual(text.split("https://c.example/x").length - 1, 50)
  })
})

it.effect("a test message has no event", () =>
  Effect.sync(() => assert.include(textOf([], () => undefined), "test message")))
