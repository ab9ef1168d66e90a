/** A row that can't be read, in each table: it is set aside and named, and everybody else is answered as before. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import {
  base,
  customerOf,
  eventually,
  feedEnd,
  type Hiring,
  mark,
  operator,
  scheduler,
  startHiring,
} from "./Harness.ts"

// deno-lint-ignore no-explicit-any
type Any = any

/** More than the largest message that the driver reads. */
const LARGE = 17_000_000

describe("a row that can't be read", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())
  const get = (path: string, as: string = operator.as) => hiring.call("GET", `${base}${path}`, { as: as as never })
  const owner = (statement: string) => hiring.ownerSql((sql) => sql.unsafe(statement))
  const unreadable = async (what: string) => {
    const text = await (await hiring.fetch(new Request("http://stint.test/metrics"))).text()
    return Number(new RegExp(`stint_unreadable_rows\\{what="${what}"\\} (\\d+)`).exec(text)?.[1] ?? 0)
  }
  const lookup = (body: unknown) => hiring.call("POST", `${base}/goals/lookup`, { ...scheduler, body })
  /** The whole snapshot, by pages of two. */
  const snapshot = async () => {
    const items: Array<Any> = []
    const unread = { hires: [] as Array<string>, goals: [] as Array<string> }
    for (let next: string | null = ""; next !== null;) {
      const query: string = next === "" ? "limit=2" : `limit=2&next=${next}`
      const { json, status } = await hiring.call("GET", `${base}/goal-changes/snapshot?${query}`, scheduler)
      assert.strictEqual(status, 200)
      items.push(...json.items)
      unread.hires.push(...json.unread?.hires ?? [])
      unread.goals.push(...json.unread?.goals ?? [])
      next = json.next
    }
    return { ids: items.map((one) => one.goal_instance_id ?? one.hired_instance_id), unread }
  }
  const engaged = async (acme = customerOf(hiring)) => {
    const { hired_instance_id: hire, subscription_id: subscription } = await acme.hired()
    const goal: string = (await acme.putGoal(hire)).json.goal_instance_id
    return { acme, hire, subscription, goal }
  }

  it("A2: hired_agents: 28 MB of faults, as a draft once stored them, are read as the first fifty", async () => {
    const sick = await engaged()
    const well = await engaged()
    await owner(`update hired_agents set configured = false, finalized_at = null, missing =
      (select jsonb_agg(jsonb_build_object('path', '$.config.allowed_coins[' || n || ']', 'message', repeat('x', 60)))
        from generate_series(1, 300000) n) where hired_instance_id = '${sick.hire}'`)
    const { json, status } = await get(`/hired-agents/${sick.hire}`, sick.acme.as)
    assert.deepStrictEqual([status, json.missing.length], [200, 50])
    assert.lengthOf((await get(`/hired-agents?customer_id=${sick.acme.name}`)).json.items, 1)
    const trials = (await get("/trial-status?limit=200")).json.trials.map((one: Any) => one.hired_instance_id)
    assert.includeMembers(trials, [sick.hire, well.hire])
    assert.includeMembers((await snapshot()).ids, [sick.hire, sick.goal, well.hire, well.goal])
    const looked = (await lookup({ goal_instance_ids: [sick.goal, well.goal] })).json
    assert.sameMembers(looked.hires.map((one: Any) => one.hired_instance_id), [sick.hire, well.hire])
    const drafted = await sick.acme.draft(sick.subscription, { settings: {} })
    assert.strictEqual(drafted.status, 200)
  })

  it("A2: hired_agents: a config over the driver's limit stops no list, lookup, snapshot and no other's period", async () => {
    const sick = await engaged()
    const well = await engaged()
    await owner(`update hired_agents set config = jsonb_build_object('a', repeat('x', ${LARGE}))
      where hired_instance_id = '${sick.hire}'`)
    await owner(
      `update hired_agents set trial_end = now() - interval '1 second', trial_start = now() - interval '7 days'
      where hired_instance_id in ('${sick.hire}', '${well.hire}')`,
    )
    const ended = await hiring.call("POST", `${base}/hired-agents/process-trial-end`, { ...operator, body: {} })
    assert.strictEqual(ended.status, 200)
    assert.include(ended.json.processed.map((one: Any) => one.hired_instance_id), well.hire)
    const trials = (await get("/trial-status?limit=200")).json.trials
    const statusOf = (id: string) => trials.find((one: Any) => one.hired_instance_id === id).trial_status
    assert.deepStrictEqual([statusOf(sick.hire), statusOf(well.hire)], ["active", "ended_converted"])
    assert.includeMembers((await snapshot()).ids, [sick.hire, sick.goal, well.hire, well.goal])
    const looked = (await lookup({ goal_instance_ids: [sick.goal, well.goal], partial: true })).json
    assert.sameMembers(looked.goals.map((one: Any) => one.goal_instance_id), [sick.goal, well.goal])
    assert.deepStrictEqual(looked.hires.map((one: Any) => one.hired_instance_id), [well.hire])
    assert.deepStrictEqual(looked.unread, { goals: [], hires: [sick.hire] })
    const page = await get(`/hired-agents?customer_id=${sick.acme.name}`)
    assert.deepStrictEqual([page.status, page.json.items], [200, []])
    // Its owner is told of a fault of ours, and not that the database is away
    assert.strictEqual((await get(`/hired-agents/${sick.hire}`, sick.acme.as)).status, 500)
    await eventually("it is counted", () => unreadable("hires"), (many) => many >= 1)
  })

  it("A2: goal_instances: settings that are too large or of another shape", async () => {
    const sick = await engaged()
    const large: string = (await sick.acme.putGoal(sick.hire)).json.goal_instance_id
    const well = await engaged(sick.acme)
    await owner(`update goal_instances set settings = '{"schedule": [1]}' where goal_instance_id = '${sick.goal}'`)
    await owner(`update goal_instances set settings = jsonb_build_object('a', repeat('x', ${LARGE}))
      where goal_instance_id = '${large}'`)
    const { ids, unread } = await snapshot()
    assert.deepStrictEqual(unread, { hires: [], goals: [sick.goal] })
    assert.includeMembers(ids, [sick.hire, large, well.hire, well.goal])
    const looked = (await lookup({ goal_instance_ids: [large, well.goal, "GOI-none"] })).json
    assert.deepStrictEqual(looked.goals.map((one: Any) => one.goal_instance_id), [well.goal])
    assert.deepStrictEqual(looked.unread, { goals: [large], hires: [] })
    const list = await get(`/hired-agents/${sick.hire}/goals`, sick.acme.as)
    assert.strictEqual(list.status, 200)
    assert.notInclude(list.json.items.map((one: Any) => one.goal_instance_id), large)
  })

  it("A2: hiring_outbox: a change that is too large, and one that is none", async () => {
    const cursor = await feedEnd(hiring)
    await owner(`insert into hiring_outbox (kind, payload) values
      ('goal', jsonb_build_object('type', 'goal', 'a', repeat('x', ${LARGE}))), ('hire', '{"type": "hire", "version": 1e400}')`)
    const well = await engaged()
    await mark(hiring, "SUB-after")
    const { json, status } = await hiring.call("GET", `${base}/goal-changes?after=${cursor}&limit=500`, scheduler)
    assert.strictEqual(status, 200)
    assert.includeMembers(json.items.map((one: Any) => one.goal_instance_id ?? one.subscription_id), [
      well.goal,
      "SUB-after",
    ])
    const next = await hiring.call("GET", `${base}/goal-changes?after=${json.cursor}`, scheduler)
    assert.deepStrictEqual([next.status, next.json.items], [200, []])
    // a scrape may show a reading that is a second old
    await eventually("both are counted, once", () => unreadable("changes of the feed"), (many) => many === 2)
  })

  it("A2: a page of the feed ends before 2 MiB, and the next one goes on", async () => {
    const cursor = await feedEnd(hiring)
    await owner(`insert into hiring_outbox (kind, payload)
      select 'subscription', jsonb_build_object('type', 'subscription', 'subscription_id', 'SUB-' || n, 'customer_id', 'acme',
        'status', 'active', 'version', 1, 'more', repeat('x', 100000)) from generate_series(1, 50) n`)
    const seen: Array<string> = []
    for (let after = cursor; seen.length < 50;) {
      const { json } = await hiring.call("GET", `${base}/goal-changes?after=${after}&limit=500`, scheduler)
      assert.isAtMost(json.items.length, 21)
      assert.isAbove(json.items.length, 0)
      seen.push(...json.items.map((one: Any) => one.subscription_id))
      after = json.cursor
    }
    assert.deepStrictEqual(seen, Array.from({ length: 50 }, (_, n) => `SUB-${n + 1}`))
  })

  it("A2: subscriptions: one that can't be read or written holds up no other's period, however many they are", async () => {
    const well = await engaged()
    const sick = await engaged()
    await owner(`insert into subscriptions (subscription_id, agent_id, customer_id, duration, status, anchor_at,
        current_period_start, current_period_end, created_at, updated_at)
      select 'SUB-' || repeat('long', 40) || n, 'a', 'a', 'monthly', 'active', '2020-01-01', '2020-01-01', '2020-02-01', now(), now()
      from generate_series(1, 110) n`)
    await owner(`alter table subscriptions add constraint poison check (version <= 9007199254740991)`)
    // Its next version does not fit the column
    await owner(`update subscriptions set version = 9007199254740991, current_period_start = now() - interval '32 days',
      current_period_end = now() - interval '1 hour' where subscription_id = '${sick.subscription}'`)
    await owner(`update subscriptions set current_period_start = now() - interval '31 days',
      current_period_end = now() - interval '1 hour' where subscription_id = '${well.subscription}'`)
    assert.strictEqual(
      (await hiring.call("POST", `${base}/hired-agents/process-trial-end`, { ...operator, body: {} })).status,
      200,
    )
    await eventually(
      "the others' periods go on",
      () => get(`/subscriptions/${well.subscription}`),
      ({ json }) => Date.parse(json.current_period_end) > Date.now(),
    )
    await eventually("each that is set aside is counted", () => unreadable("subscriptions"), (many) => many >= 111)
    assert.strictEqual((await get(`/subscriptions?customer_id=${well.acme.name}`)).json.items.length, 1)
  })

  it("A2: customer_entity and trials: a list goes on past it", async () => {
    const record = (name: string, phone: string) => ({
      full_name: name,
      email: `${name}@example.com`,
      phone,
      business_name: "b",
      business_industry: "i",
      business_address: "a",
      preferred_contact_method: "email",
      consent: true,
    })
    const made: Array<string> = []
    for (const [name, phone] of [["one", "+49301234567"], ["two", "+49301234568"]] as const) {
      const { json } = await hiring.call("POST", `${base}/customers`, { ...operator, body: record(name, phone) })
      made.push(json.customer_id)
    }
    await owner(`update customer_entity set business_address = repeat('x', ${LARGE}) where customer_id = '${made[0]}'`)
    const customers = await get("/customers?limit=200")
    assert.strictEqual(customers.status, 200)
    const ids = customers.json.items.map((one: Any) => one.customer_id)
    assert.include(ids, made[1])
    assert.notInclude(ids, made[0])
    const acme = customerOf(hiring)
    const trials: Array<string> = []
    for (const name of ["Mia", "Max"]) {
      const body = {
        agent_id: "marketing.healthcare.v1",
        customer_name: name,
        customer_email: "m@example.com",
        company: "s",
      }
      trials.push((await acme.call("POST", "/trials", body)).json.trial_id)
    }
    await owner(`update trials set company = repeat('x', ${LARGE}) where trial_id = '${trials[0]}'`)
    await owner(`update trials set end_date = now() - interval '1 second', start_date = now() - interval '8 days'`)
    await hiring.call("POST", `${base}/hired-agents/process-trial-end`, { ...operator, body: {} })
    const list = await acme.call("GET", "/trials")
    assert.deepStrictEqual(list.json.items.map((one: Any) => [one.trial_id, one.status]), [[trials[1], "expired"]])
  })
})
