/** What time does on Postgres, where it passes by back-dating rows: replicas share it, and a start catches up. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { startService, type TestService } from "../../../tests/support/Service.ts"
import { App } from "../src/App.ts"
import { Clockwork } from "../src/Clockwork.ts"
import * as ClockworkPg from "../src/Clockwork/RepoPg.ts"
import { base, customerOf, follow, type Hiring, marketing, operator, startHiring, withSql } from "./Harness.ts"

const DAY = 86_400_000
const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

describe("the clockwork on Postgres", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring("postgres")
  })
  afterAll(() => hiring.end())

  const subscription = async (id: string) => (await hiring.call("GET", `${base}/subscriptions/${id}`, operator)).json
  const hire = async (id: string) => (await hiring.call("GET", `${base}/hired-agents/${id}`, operator)).json
  const process = () => hiring.call("POST", `${base}/hired-agents/process-trial-end`, operator)
  /** Makes a subscription, and what is under it, older by so much. */
  const age = (id: string, by: string) =>
    withSql(hiring, (sql) =>
      sql`
      with aged as (
        update subscriptions set anchor_at = anchor_at - ${by}::text::interval,
          current_period_start = current_period_start - ${by}::text::interval,
          current_period_end = current_period_end - ${by}::text::interval,
          past_due_since = past_due_since - ${by}::text::interval
        where subscription_id = ${id})
      update hired_agents set trial_start = trial_start - ${by}::text::interval,
        trial_end = trial_end - ${by}::text::interval
      where subscription_id = ${id}`)
  const inTrial = async (acme = customerOf(hiring)) => {
    const hired = await acme.hired()
    await acme.putGoal(hired.hired_instance_id)
    return { acme, ...hired }
  }

  it("ends what is due on request, each once, in one transaction with what the feed tells", async () => {
    const [kept, due] = [await inTrial(), await inTrial()]
    await due.acme.call("POST", `/subscriptions/${due.subscription_id}/cancel`, { at_period_end: true })
    const before = await hire(due.hired_instance_id)
    await age(due.subscription_id, "32 days")
    const { cursor } = await follow(hiring)
    const { json, status } = await process()
    const ended = await subscription(due.subscription_id)
    assert.strictEqual(status, 200)
    assert.deepStrictEqual(json, {
      processed: [{
        subscription_id: due.subscription_id,
        hired_instance_id: due.hired_instance_id,
        trial_status: "ended_converted",
        trial_start: new Date(Date.parse(before.trial_start) - 32 * DAY).toISOString(),
        trial_end: new Date(Date.parse(before.trial_end) - 32 * DAY).toISOString(),
        configured: true,
        goals_completed: true,
      }],
    })
    assert.strictEqual(ended.status, "canceled")
    assert.strictEqual(ended.ended_at, ended.current_period_end)
    assert.deepStrictEqual((await follow(hiring, cursor)).items.map(({ type, reason }) => [type, reason]), [
      ["subscription", undefined],
      ["hire", "The subscription is canceled"],
    ])
    assert.deepStrictEqual((await process()).json, { processed: [] })
    assert.strictEqual((await hire(kept.hired_instance_id)).trial_status, "active")
  })

  it("a canceled or past-due subscription does not convert", async () => {
    const [canceled, pastDue] = [await inTrial(), await inTrial()]
    await canceled.acme.call("POST", `/subscriptions/${canceled.subscription_id}/cancel`, { at_period_end: false })
    await hiring.call("POST", `${base}/subscriptions/${pastDue.subscription_id}/past-due`, operator)
    for (const { subscription_id } of [canceled, pastDue]) await age(subscription_id, "7 days")
    const { json } = await process()
    assert.sameMembers(
      json.processed.map((one: { subscription_id: string }) => one.subscription_id),
      [canceled.subscription_id, pastDue.subscription_id],
    )
    for (const { hired_instance_id } of [canceled, pastDue]) {
      assert.strictEqual((await hire(hired_instance_id)).trial_status, "ended_not_converted")
    }
  })

  it("rolls on to the period that is now, and gives up a debt after 14 days", async () => {
    const acme = customerOf(hiring)
    const [rolls, owes, waits] = [await acme.subscribed(), await acme.subscribed(), await acme.subscribed()]
    for (const id of [owes, waits]) await hiring.call("POST", `${base}/subscriptions/${id}/past-due`, operator)
    await age(rolls, "100 days")
    await age(owes, "14 days")
    await age(waits, "13 days 23 hours")
    await process()
    const rolled = await subscription(rolls)
    assert.strictEqual(rolled.status, "active")
    assert.isAtMost(Date.parse(rolled.current_period_start), Date.now())
    assert.isAbove(Date.parse(rolled.current_period_end), Date.now())
    const ended = await subscription(owes)
    assert.strictEqual(ended.status, "canceled")
    assert.approximately(Date.parse(ended.ended_at), Date.now(), 5000)
    assert.strictEqual((await subscription(waits)).status, "past_due")
  })

  it("three replicas that start on a backlog share it: each change is made and told once", async () => {
    const { hired_instance_id: model } = await inTrial()
    const { cursor } = await follow(hiring)
    const many = 350
    await withSql(hiring, (sql) =>
      sql`
      with many as (
        insert into subscriptions (subscription_id, agent_id, customer_id, duration, status, anchor_at,
          current_period_start, current_period_end, cancel_at_period_end, created_at, updated_at)
        select 'SUB-many-' || n, ${marketing}, 'many', 'monthly', 'active', now() - interval '40 days',
          now() - interval '40 days', now() - interval '9 days', true, now(), now()
        from generate_series(1, ${many}) n returning *)
      insert into hired_agents (hired_instance_id, subscription_id, agent_id, customer_id, definition_version, config,
        configured, goals_completed, finalized_at, trial_start, trial_end, trial_status, created_at, updated_at)
      select replace(many.subscription_id, 'SUB', 'HAI'), many.subscription_id, h.agent_id, 'many', h.definition_version,
        h.config, true, true, now(), now() - interval '38 days', now() - interval '31 days', 'active', now(), now()
      from many, hired_agents h where h.hired_instance_id = ${model}`)
    const replicas: Array<TestService> = []
    for (let n = 0; n < 3; n++) replicas.push(await startService(App, { HIRING_DATABASE_URL: hiring.databaseUrl! }))
    const left = () =>
      withSql(hiring, (sql) =>
        sql<{ n: number }>`
        select count(*)::int as n from subscriptions s join hired_agents h using (subscription_id)
        where s.customer_id = 'many' and (s.status <> 'canceled' or h.trial_status <> 'ended_converted')`)
        .then((rows) => rows[0]!.n)
    for (let n = 0; n < 300 && await left() > 0; n++) await pause(50)
    assert.strictEqual(await left(), 0)
    const told = (await follow(hiring, cursor)).items.filter(({ customer_id }) => customer_id === "many")
    for (const type of ["subscription", "hire"]) {
      const ids = told.filter((one) => one.type === type).map((one) => one.subscription_id)
      assert.strictEqual(ids.length, many, type)
      assert.strictEqual(new Set(ids).size, many, type)
    }
    for (const replica of replicas) await replica.dispose()
  })

  it("what another holds is left to it and done later, by itself", async () => {
    const { subscription_id } = await inTrial()
    await age(subscription_id, "7 days")
    const url = Redacted.make(hiring.databaseUrl!)
    const client = PgClient.layer({ url, maxConnections: 4 })
    const replica = await withSql(hiring, (sql) =>
      Effect.gen(function* () {
        yield* sql`select 1 from subscriptions where subscription_id = ${subscription_id} for update`
        const started = yield* Effect.promise(() => startService(App, { HIRING_DATABASE_URL: hiring.databaseUrl! }))
        const clockwork = Clockwork.layerNoDeps.pipe(Layer.provide(ClockworkPg.layerPg), Layer.provide(client))
        const passed = yield* Clockwork.pipe(Effect.flatMap((it) => it.catchUp), Effect.provide(clockwork))
        assert.deepStrictEqual(passed, [])
        yield* Effect.promise(() => pause(300))
        return started
      }).pipe(sql.withTransaction))
    const path = `${base}/hired-agents/by-subscription/${subscription_id}`
    const status = async () => (await hiring.call("GET", path, operator)).json.trial_status
    for (let n = 0; n < 300 && await status() === "active"; n++) await pause(30)
    assert.strictEqual(await status(), "ended_converted")
    await replica.dispose()
  })

  it("a lead trial past its end expires at the next start, without anyone calling", async () => {
    const acme = customerOf(hiring)
    const begun = await acme.call("POST", "/trials", {
      agent_id: marketing,
      customer_name: "Mia",
      customer_email: "mia@example.com",
      company: "Smile",
    })
    const { trial_id } = begun.json
    await withSql(hiring, (sql) =>
      sql`
      update trials set start_date = start_date - interval '7 days', end_date = end_date - interval '7 days'
      where trial_id = ${trial_id}`)
    const replica = await startService(App, { HIRING_DATABASE_URL: hiring.databaseUrl! })
    const status = async () => (await acme.call("GET", `/trials/${trial_id}`)).json.status
    for (let n = 0; n < 300 && await status() === "active"; n++) await pause(30)
    assert.strictEqual(await status(), "expired")
    await replica.dispose()
  })

  it("a due moment that comes while it sleeps wakes it", async () => {
    const { subscription_id } = await inTrial()
    await age(subscription_id, "6 days 23 hours 59 minutes 57 seconds")
    const replica = await startService(App, { HIRING_DATABASE_URL: hiring.databaseUrl! })
    const trial = async () =>
      (await hiring.call("GET", `${base}/hired-agents/by-subscription/${subscription_id}`, operator)).json
    for (let n = 0; n < 400 && (await trial()).trial_status === "active"; n++) await pause(30)
    const ended = await trial()
    assert.strictEqual(ended.trial_status, "ended_converted")
    assert.isBelow(Date.parse(ended.updated_at) - Date.parse(ended.trial_end), 5000)
    await replica.dispose()
  })
})
