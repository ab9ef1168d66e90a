/** What time does to subscriptions and trials. It passes by making rows older, and an operator's request writes what is due. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { periodAt, periodFrom } from "../src/Subscriptions/Policy.ts"
import { base, customerOf, feedEnd, follow, type Hiring, marketing, operator, startHiring } from "./Harness.ts"

const MINUTE = 60_000
const DAY = 86_400_000

type Duration = "monthly" | "quarterly" | "yearly"

it("a period ends on the same day of a later month, or on that month's last day", () => {
  const end = (start: string, duration: Duration) =>
    DateTime.formatIso(periodFrom(DateTime.makeUnsafe(start), duration).current_period_end)
  assert.strictEqual(end("2026-01-31T10:00:00.000Z", "monthly"), "2026-02-28T10:00:00.000Z")
  assert.strictEqual(end("2026-11-30T10:00:00.000Z", "quarterly"), "2027-02-28T10:00:00.000Z")
  assert.strictEqual(end("2028-02-29T10:00:00.000Z", "yearly"), "2029-02-28T10:00:00.000Z")
  assert.strictEqual(end("2026-03-15T10:00:00.000Z", "monthly"), "2026-04-15T10:00:00.000Z")
})

it("periods are counted from the first one's day, so that the 31st comes back after February", () => {
  const at = (anchor: string, now: string, duration: Duration = "monthly") => {
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

describe("periods and trials", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  const subscription = async (id: string) => (await hiring.call("GET", `${base}/subscriptions/${id}`, operator)).json
  const hire = async (id: string) => (await hiring.call("GET", `${base}/hired-agents/${id}`, operator)).json
  const pastDue = (id: string) => hiring.call("POST", `${base}/subscriptions/${id}/past-due`, operator)
  const process = () => hiring.call("POST", `${base}/hired-agents/process-trial-end`, operator)
  /** Makes a subscription in its first period, and the trial under it, older by so many milliseconds. */
  const age = (id: string, by: number) =>
    hiring.sql((sql) =>
      Effect.gen(function* () {
        const [row] = yield* sql<{ anchor_at: Date; duration: Duration }>`
          select anchor_at, duration from subscriptions where subscription_id = ${id}`
        const anchor = DateTime.makeUnsafe(row!.anchor_at.getTime() - by)
        const { current_period_end } = periodFrom(anchor, row!.duration)
        const interval = sql`make_interval(secs => ${by / 1000})`
        yield* sql`
          update subscriptions set anchor_at = ${DateTime.toDateUtc(anchor)},
            current_period_start = ${DateTime.toDateUtc(anchor)},
            current_period_end = ${DateTime.toDateUtc(current_period_end)},
            past_due_since = past_due_since - ${interval}
          where subscription_id = ${id}`
        yield* sql`
          update hired_agents set trial_start = trial_start - ${interval}, trial_end = trial_end - ${interval}
          where subscription_id = ${id}`
      })
    )
  /** Lets so much time pass for these subscriptions, and writes what is due. */
  const pass = async (by: number, ...ids: ReadonlyArray<string>) => {
    for (const id of ids) await age(id, by)
    return (await process()).json.processed.filter((one: { subscription_id: string }) =>
      ids.includes(one.subscription_id)
    )
  }
  const inTrial = async () => {
    const acme = customerOf(hiring)
    const hired = await acme.hired()
    await acme.putGoal(hired.hired_instance_id)
    return { acme, ...hired }
  }

  it("a trial ends after seven days: converted under an active subscription, not converted under another", async () => {
    const trials = [await inTrial(), await inTrial(), await inTrial()]
    const [kept, canceled, late] = trials as [typeof trials[0], typeof trials[0], typeof trials[0]]
    await canceled.acme.call("POST", `/subscriptions/${canceled.subscription_id}/cancel`, { at_period_end: false })
    await pastDue(late.subscription_id)
    const ids = trials.map(({ subscription_id }) => subscription_id)
    const states = () => Promise.all(trials.map(async (one) => (await hire(one.hired_instance_id)).trial_status))
    assert.deepStrictEqual(await pass(7 * DAY - MINUTE, ...ids), [])
    assert.deepStrictEqual(await states(), ["active", "active", "active"])
    const before = await hire(kept.hired_instance_id)
    assert.strictEqual(Date.parse(before.trial_end) - Date.parse(before.trial_start), 7 * DAY)
    assert.strictEqual((await pass(MINUTE, ...ids)).length, 3)
    assert.deepStrictEqual(await states(), ["ended_converted", "ended_not_converted", "ended_not_converted"])
    await kept.acme.putGoal(kept.hired_instance_id)
    await pass(8 * DAY, kept.subscription_id)
    const after = await hire(kept.hired_instance_id)
    assert.strictEqual(after.trial_status, "ended_converted")
    assert.strictEqual(Date.parse(before.trial_start) - Date.parse(after.trial_start), 8 * DAY + MINUTE)
  })

  it("what is due is written on request, each once, together with the feed's changes", async () => {
    const [kept, due] = [await inTrial(), await inTrial()]
    await due.acme.call("POST", `/subscriptions/${due.subscription_id}/cancel`, { at_period_end: true })
    const before = await hire(due.hired_instance_id)
    const cursor = await feedEnd(hiring)
    assert.deepStrictEqual(await pass(32 * DAY, due.subscription_id), [{
      subscription_id: due.subscription_id,
      hired_instance_id: due.hired_instance_id,
      trial_status: "ended_converted",
      trial_start: new Date(Date.parse(before.trial_start) - 32 * DAY).toISOString(),
      trial_end: new Date(Date.parse(before.trial_end) - 32 * DAY).toISOString(),
      configured: true,
      goals_completed: true,
    }])
    const { items } = await follow(hiring, cursor)
    assert.deepStrictEqual(items.map(({ runnable, status, type }) => [type, status ?? runnable]), [
      ["subscription", "canceled"],
      ["hire", false],
    ])
    assert.deepStrictEqual((await process()).json, { processed: [] })
    assert.strictEqual((await hire(kept.hired_instance_id)).trial_status, "active")
  })

  it("one period follows another, also after several at once, and the feed says nothing of it", async () => {
    const acme = customerOf(hiring)
    const id = await acme.subscribed()
    const cursor = await feedEnd(hiring)
    await age(id, 31 * DAY)
    const aged = await subscription(id)
    await process()
    const second = await subscription(id)
    assert.deepStrictEqual([second.status, second.current_period_start], ["active", aged.current_period_end])
    await pass(100 * DAY, id)
    const later = await subscription(id)
    assert.isAtMost(Date.parse(later.current_period_start), Date.now())
    assert.isAbove(Date.parse(later.current_period_end), Date.now())
    assert.deepStrictEqual((await follow(hiring, cursor)).items, [])
  })

  it("a subscription that is canceled at its period's end ends at that instant, after its trial has converted", async () => {
    const { acme, hired_instance_id, subscription_id } = await inTrial()
    await acme.call("POST", `/subscriptions/${subscription_id}/cancel`, { at_period_end: true })
    await age(subscription_id, 34 * DAY)
    const { current_period_end } = await subscription(subscription_id)
    await process()
    const ended = await subscription(subscription_id)
    assert.deepStrictEqual([ended.status, ended.ended_at], ["canceled", current_period_end])
    const { retention_expires_at, trial_status } = await hire(hired_instance_id)
    assert.strictEqual(trial_status, "ended_converted")
    assert.strictEqual(Date.parse(retention_expires_at) - Date.parse(ended.ended_at), 30 * DAY)
  })

  it("14 days past due end a subscription; a payment before that goes on with the current period", async () => {
    const acme = customerOf(hiring)
    const [lost, saved] = [await acme.subscribed(), await acme.subscribed()]
    for (const id of [lost, saved]) await age(id, 25 * DAY)
    for (const id of [lost, saved]) await pastDue(id)
    await age(saved, 10 * DAY)
    const { current_period_end } = await subscription(saved)
    await pass(10 * DAY, lost)
    // Its period has ended, and there is no next one until it is paid
    assert.include(await subscription(saved), { status: "past_due", current_period_end })
    const active = (await acme.activate(saved)).json
    assert.deepStrictEqual([active.status, active.current_period_start], ["active", current_period_end])
    await pass(4 * DAY - MINUTE, lost)
    assert.strictEqual((await subscription(lost)).status, "past_due")
    await age(lost, MINUTE)
    const [row] = await hiring.sql((sql) =>
      sql<{ since: Date }>`select past_due_since as since from subscriptions where subscription_id = ${lost}`
    )
    await process()
    const ended = await subscription(lost)
    assert.deepStrictEqual([ended.status, Date.parse(ended.ended_at)], ["canceled", row!.since.getTime() + 14 * DAY])
    assert.strictEqual((await subscription(saved)).status, "active")
  })

  it("a past-due subscription that is to end with its period ends with whichever comes first", async () => {
    const acme = customerOf(hiring)
    const [flagged, late] = [await acme.subscribed(), await acme.subscribed()]
    await acme.call("POST", `/subscriptions/${flagged}/cancel`, { at_period_end: true })
    for (const id of [flagged, late]) await age(id, 25 * DAY)
    for (const id of [flagged, late]) await pastDue(id)
    for (const id of [flagged, late]) await age(id, 7 * DAY)
    const { current_period_end } = await subscription(flagged)
    await process()
    const ended = await subscription(flagged)
    assert.deepStrictEqual([ended.status, ended.ended_at], ["canceled", current_period_end])
    // The other one's period has ended: there is none to wait for
    const canceled = await acme.call("POST", `/subscriptions/${late}/cancel`, { at_period_end: true })
    assert.strictEqual(canceled.json.status, "canceled")
  })

  it("a subscription that was never paid gets no next period and does not end", async () => {
    const acme = customerOf(hiring)
    const { subscription_id } = (await acme.subscribe()).json
    await age(subscription_id, 400 * DAY)
    const aged = await subscription(subscription_id)
    await process()
    assert.deepStrictEqual(await subscription(subscription_id), aged)
    const before = Date.now()
    const active = (await acme.activate(subscription_id)).json
    assert.isAtLeast(Date.parse(active.current_period_start), before)
  })

  it("a lead trial expires after seven days, unless it ended before", async () => {
    const acme = customerOf(hiring)
    const lead = { agent_id: marketing, customer_name: "Mia", customer_email: "mia@example.com", company: "Smile" }
    const begin = async () => (await acme.call("POST", "/trials", lead)).json.trial_id
    const [left, won] = [await begin(), await begin()]
    await acme.call("PATCH", `/trials/${won}`, { status: "converted" })
    const states = () =>
      Promise.all([left, won].map(async (id) => (await acme.call("GET", `/trials/${id}`)).json.status))
    const ageTrials = (by: number) =>
      hiring.sql((sql) =>
        sql`
          update trials set start_date = start_date - make_interval(secs => ${by / 1000}),
            end_date = end_date - make_interval(secs => ${by / 1000})
          where trial_id in ${sql.in([left, won])}`
      )
    await ageTrials(7 * DAY - MINUTE)
    await process()
    assert.deepStrictEqual(await states(), ["active", "converted"])
    await ageTrials(MINUTE)
    await process()
    assert.deepStrictEqual(await states(), ["expired", "converted"])
  })
})
