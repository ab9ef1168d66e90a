/** What time does to subscriptions and to trials without anyone calling: in memory with a clock that the test moves. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { type MovableClock, movableClock } from "../../../tests/support/MovableClock.ts"
import { periodAt } from "../src/Subscriptions/Policy.ts"
import { base, customerOf, follow, type Hiring, marketing, operator, scheduler, startHiring } from "./Harness.ts"

const DAY = 86_400_000

it("periods are counted from the first one's day, so that the 31st comes back after February", () => {
  const at = (anchor: string, now: string, duration: "monthly" | "quarterly" | "yearly" = "monthly") => {
    const period = periodAt(DateTime.makeUnsafe(anchor), duration, DateTime.makeUnsafe(now))
    return [period.current_period_start, period.current_period_end].map((it) => DateTime.formatIso(it).slice(0, 10))
  }
  const anchor = "2026-01-31T10:00:00.000Z"
  assert.deepStrictEqual(at(anchor, "2026-01-31T10:00:00.000Z"), ["2026-01-31", "2026-02-28"])
  assert.deepStrictEqual(at(anchor, "2026-02-28T09:59:59.999Z"), ["2026-01-31", "2026-02-28"])
  assert.deepStrictEqual(at(anchor, "2026-02-28T10:00:00.000Z"), ["2026-02-28", "2026-03-31"])
  assert.deepStrictEqual(at(anchor, "2026-03-31T09:00:00.000Z"), ["2026-02-28", "2026-03-31"])
  assert.deepStrictEqual(at(anchor, "2026-03-31T10:00:00.000Z"), ["2026-03-31", "2026-04-30"])
  assert.deepStrictEqual(at(anchor, "2028-03-01T00:00:00.000Z"), ["2028-02-29", "2028-03-31"])
  assert.deepStrictEqual(at("2025-11-30T00:00:00.000Z", "2026-06-01T00:00:00.000Z", "quarterly"), [
    "2026-05-30",
    "2026-08-30",
  ])
  assert.deepStrictEqual(at("2024-02-29T00:00:00.000Z", "2027-12-31T00:00:00.000Z", "yearly"), [
    "2027-02-28",
    "2028-02-29",
  ])
  assert.deepStrictEqual(at(anchor, "2025-01-01T00:00:00.000Z"), ["2026-01-31", "2026-02-28"])
})

describe("the clockwork in memory", () => {
  let hiring: Hiring
  let time: MovableClock
  beforeAll(async () => {
    time = movableClock()
    hiring = await startHiring("memory", {}, time.clock)
  })
  afterAll(() => hiring.end())

  /** Moves the clock, and lets what woke do its work. */
  const pass = async (by: number) => {
    time.advance(by)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  const subscription = async (id: string) => (await hiring.call("GET", `${base}/subscriptions/${id}`, operator)).json
  /** Where the feed ends now. */
  const end = async (): Promise<string> =>
    (await hiring.call("GET", `${base}/goal-changes/snapshot`, scheduler)).json.feed_cursor
  const pastDue = (id: string) => hiring.call("POST", `${base}/subscriptions/${id}/past-due`, operator)

  it("a week passes: the trial of an active subscription converts, that of another does not", async () => {
    const acme = customerOf(hiring)
    const [kept, left] = [await acme.hired(), await acme.hired()]
    for (const { hired_instance_id } of [kept, left]) await acme.putGoal(hired_instance_id)
    await acme.call("POST", `/subscriptions/${left.subscription_id}/cancel`, { at_period_end: false })
    const trial = async ({ hired_instance_id }: { hired_instance_id: string }) =>
      (await acme.call("GET", `/hired-agents/${hired_instance_id}`)).json
    const before = await trial(kept)
    assert.strictEqual(Date.parse(before.trial_end) - Date.parse(before.trial_start), 7 * DAY)
    await pass(7 * DAY - 60_000)
    assert.deepStrictEqual([(await trial(kept)).trial_status, (await trial(left)).trial_status], ["active", "active"])
    await pass(60_000)
    const [converted, not] = [await trial(kept), await trial(left)]
    assert.deepStrictEqual([converted.trial_status, not.trial_status], ["ended_converted", "ended_not_converted"])
    assert.deepStrictEqual([converted.trial_start, converted.trial_end], [before.trial_start, before.trial_end])
    await acme.putGoal(kept.hired_instance_id)
    await pass(8 * DAY)
    assert.strictEqual((await trial(kept)).trial_status, "ended_converted")
  })

  it("periods follow one another, also when several have passed meanwhile; the feed tells nothing of it", async () => {
    const acme = customerOf(hiring)
    const id = await acme.subscribed()
    const first = await subscription(id)
    const cursor = await end()
    await pass(Date.parse(first.current_period_end) - time.now())
    const second = await subscription(id)
    assert.strictEqual(second.current_period_start, first.current_period_end)
    assert.strictEqual(second.status, "active")
    await pass(100 * DAY)
    const later = await subscription(id)
    assert.isAtMost(Date.parse(later.current_period_start), time.now())
    assert.isAbove(Date.parse(later.current_period_end), time.now())
    assert.deepStrictEqual((await follow(hiring, cursor)).items, [])
  })

  it("a subscription that is to end with its period does, at that very instant, and its hire can't run", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id, subscription_id } = await acme.hired()
    await acme.putGoal(hired_instance_id)
    const { json } = await acme.call("POST", `/subscriptions/${subscription_id}/cancel`, { at_period_end: true })
    const cursor = await end()
    // nobody looks for three days more: it ended when its period did, and its trial had converted before
    await pass(Date.parse(json.current_period_end) - time.now() + 3 * DAY)
    const ended = await subscription(subscription_id)
    assert.deepStrictEqual([ended.status, ended.ended_at], ["canceled", json.current_period_end])
    const hire = (await acme.call("GET", `/hired-agents/${hired_instance_id}`)).json
    assert.strictEqual(hire.trial_status, "ended_converted")
    assert.strictEqual(Date.parse(hire.retention_expires_at) - Date.parse(ended.ended_at), 30 * DAY)
    const { items } = await follow(hiring, cursor)
    assert.deepStrictEqual(items.map(({ runnable, status, type }) => [type, status ?? runnable]), [
      ["subscription", "canceled"],
      ["hire", false],
    ])
    await pass(27 * DAY - 120_000)
    assert.strictEqual((await acme.call("GET", `/hired-agents/${hired_instance_id}`)).status, 200)
    await pass(180_000)
    const gone = await acme.call("GET", `/hired-agents/${hired_instance_id}`)
    assert.deepStrictEqual([gone.status, gone.json.code], [410, "hire_gone"])
  })

  it("14 days past due end it; a payment before that takes up the period that is now", async () => {
    const acme = customerOf(hiring)
    const [lost, saved] = [await acme.subscribed(), await acme.subscribed()]
    await pass(25 * DAY)
    const since = time.now()
    for (const id of [lost, saved]) await pastDue(id)
    const { current_period_end } = await subscription(saved)
    await pass(10 * DAY)
    // its period has ended, and there is no next one until it is paid
    assert.strictEqual((await subscription(saved)).current_period_end, current_period_end)
    assert.strictEqual((await subscription(saved)).status, "past_due")
    const active = (await acme.activate(saved)).json
    assert.deepStrictEqual([active.status, active.current_period_start], ["active", current_period_end])
    await pass(4 * DAY)
    const ended = await subscription(lost)
    assert.strictEqual(ended.status, "canceled")
    assert.approximately(Date.parse(ended.ended_at), since + 14 * DAY, 1000)
    assert.strictEqual((await subscription(saved)).status, "active")
  })

  it("past due and to end with its period: whichever comes first; what has ended can't wait for its period", async () => {
    const acme = customerOf(hiring)
    const [flagged, late] = [await acme.subscribed(), await acme.subscribed()]
    const { json } = await acme.call("POST", `/subscriptions/${flagged}/cancel`, { at_period_end: true })
    await pass(25 * DAY)
    for (const id of [flagged, late]) await pastDue(id)
    await pass(7 * DAY)
    const ended = await subscription(flagged)
    assert.deepStrictEqual([ended.status, ended.ended_at], ["canceled", json.current_period_end])
    const cancelled = await acme.call("POST", `/subscriptions/${late}/cancel`, { at_period_end: true })
    assert.strictEqual(cancelled.json.status, "canceled")
  })

  it("one that was never paid waits: no next period, no end", async () => {
    const acme = customerOf(hiring)
    const made = (await acme.subscribe()).json
    await pass(400 * DAY)
    assert.deepStrictEqual(await subscription(made.subscription_id), made)
    const active = (await acme.activate(made.subscription_id)).json
    assert.approximately(Date.parse(active.current_period_start), time.now(), 1000)
  })

  it("a lead trial expires after seven days, unless it ended before", async () => {
    const acme = customerOf(hiring)
    const begin = async () =>
      (await acme.call("POST", "/trials", {
        agent_id: marketing,
        customer_name: "Mia",
        customer_email: "mia@example.com",
        company: "Smile",
      })).json.trial_id
    const [left, won] = [await begin(), await begin()]
    await acme.call("PATCH", `/trials/${won}`, { status: "converted" })
    const status = async (id: string) => (await acme.call("GET", `/trials/${id}`)).json.status
    await pass(7 * DAY - 60_000)
    assert.deepStrictEqual([await status(left), await status(won)], ["active", "converted"])
    await pass(60_000)
    assert.deepStrictEqual([await status(left), await status(won)], ["expired", "converted"])
  })
})
