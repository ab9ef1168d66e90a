/** Hiring as its callers meet it: the whole way to a goal in the feed, the endpoints of the contract, /metrics. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { HiringApi } from "@stint/domain/hiring/Api"
import { dutiesAsked } from "../../../tests/support/Duties.ts"
import { withDatabase } from "../../../tests/support/Database.ts"
import { ready, startService } from "../../../tests/support/Service.ts"
import { App } from "../src/App.ts"
import {
  base,
  customerOf,
  dailyPost,
  feedEnd,
  follow,
  type Hiring,
  marketing,
  marketingConfig,
  operator,
  startHiring,
} from "./Harness.ts"

describe("the story", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  it("a customer subscribes, drafts, finalizes and sets a goal, and the feed has a goal that may run", async () => {
    const cursor = await feedEnd(hiring)
    const acme = customerOf(hiring, "acme")
    const subscribed = await acme.subscribe()
    assert.strictEqual(subscribed.status, 201)
    const { subscription_id } = subscribed.json
    assert.strictEqual(subscribed.headers.get("location"), `/api/v1/subscriptions/${subscription_id}`)
    assert.strictEqual(subscribed.json.status, "pending_payment")
    const active = await acme.activate(subscription_id)
    assert.strictEqual(active.status, 200)
    assert.strictEqual(active.json.status, "active")

    const draft = await acme.draft(subscription_id, { config: marketingConfig })
    assert.strictEqual(draft.status, 201, JSON.stringify(draft.json))
    const id = draft.json.hired_instance_id
    assert.strictEqual(draft.headers.get("location"), `/api/v1/hired-agents/${id}`)
    assert.include(draft.json, {
      agent_id: marketing,
      definition_version: "1.0.0",
      configured: true,
      goals_completed: false,
      active: true,
      finalized_at: null,
      trial_status: "not_started",
      subscription_status: "active",
      subscription_ended_at: null,
      retention_expires_at: null,
    })
    const finalized = await acme.call("POST", `/hired-agents/${id}/finalize`, {})
    assert.strictEqual(finalized.status, 200)
    assert.isString(finalized.json.finalized_at)

    const goal = await acme.putGoal(id, { settings: { topic: "Sleep", schedule: { at: "07:30" } } })
    assert.strictEqual(goal.status, 201, JSON.stringify(goal.json))
    const goalId = goal.json.goal_instance_id
    assert.strictEqual(goal.headers.get("location"), `/api/v1/hired-agents/${id}/goals/${goalId}`)
    assert.include(goal.json, {
      hired_instance_id: id,
      goal_template_id: dailyPost,
      frequency: "daily",
      enabled: true,
    })

    const whole = await acme.call("GET", `/hired-agents/${id}`)
    assert.include(whole.json, { goals_completed: true, trial_status: "active" })

    const { items } = await follow(hiring, cursor)
    assert.deepStrictEqual(items.map(({ type }) => type), [
      "subscription",
      "subscription",
      "hire",
      "hire",
      // its first goal writes it
      "hire",
      "goal",
    ])
    for (const hire of [items[3], items[4]]) {
      assert.include(hire, { hired_instance_id: id, runnable: true, reason: null, timezone: "Asia/Kolkata" })
    }
    assert.include(items[5], {
      goal_instance_id: goalId,
      version: 1,
      deleted: false,
      enabled: true,
      default_at: null,
    })
    assert.deepStrictEqual(items[5].schedule, { at: "07:30" })
  })
})

it("in memory mode the rows are in the Postgres that HIRING_MEMORY_URL names", async () => {
  const database = await withDatabase("hiring")
  const service = await startService(App, { PERSISTENCE_MODE: "memory", HIRING_MEMORY_URL: database.url })
  await ready(service)
  const body = {
    full_name: "Asha",
    email: "asha@example.com",
    phone: "9876543210",
    business_name: "Clinic",
    business_industry: "health",
    business_address: "Pune",
    preferred_contact_method: "email",
    consent: true,
  }
  const made = await service.call("POST", `${base}/customers`, { ...operator, body })
  assert.strictEqual(made.status, 201)
  const found = await service.call("GET", `${base}/customers/${made.json.customer_id}`, operator)
  assert.deepStrictEqual(found.json, made.json)
  await service.dispose()
  await database.release()
})

describe("hiring's contract", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  it("every endpoint is in the document", async () => {
    const { json, status } = await hiring.call("GET", "/openapi.json")
    assert.strictEqual(status, 200)
    const endpoints = Object.entries(json.paths as Record<string, Record<string, unknown>>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(base, "").replace(/\/$/, "")}`)
    )
    assert.sameMembers(endpoints, [
      "POST /customers",
      "GET /customers",
      "GET /customers/{id}",
      "POST /customers/{id}/verify",
      "GET /hiring/actions",
      "GET /hiring/actions/by/{operator}",
      "POST /subscriptions",
      "GET /subscriptions",
      "GET /subscriptions/{id}",
      "POST /subscriptions/{id}/activate",
      "POST /subscriptions/{id}/past-due",
      "POST /subscriptions/{id}/cancel",
      "PUT /hired-agents/draft",
      "GET /hired-agents",
      "GET /subscriptions/{id}/hired-agent",
      "GET /hired-agents/{id}",
      "POST /hired-agents/{id}/finalize",
      "POST /hired-agents/{id}/deactivate",
      "GET /hired-agents/{id}/goals",
      "PUT /hired-agents/{id}/goals",
      "GET /hired-agents/{id}/goals/{goal}",
      "DELETE /hired-agents/{id}/goals/{goal}",
      "POST /hired-agents/{id}/goals/{goal}/run",
      "GET /trial-status",
      "POST /hired-agents/process-trial-end",
      "POST /trials",
      "GET /trials",
      "GET /trials/{id}",
      "PATCH /trials/{id}",
      "DELETE /trials/{id}",
      "POST /goals/lookup",
      "GET /goal-changes",
      "GET /goal-changes/snapshot",
      "POST /hired-agents/check",
      "POST /hired-agents/migrate",
    ])
  })

  it("a person who may only read changes nothing: each change names the duty that it needs", async () => {
    assert.deepStrictEqual(await dutiesAsked(HiringApi, hiring.call), {
      "POST /customers": "editor",
      "POST /subscriptions": "editor",
      "POST /subscriptions/:id/cancel": "editor",
      "PUT /hired-agents/draft": "editor",
      "POST /trials": "editor",
      "PATCH /trials/:id": "editor",
      "DELETE /trials/:id": "editor",
      "POST /hired-agents/:id/finalize": "editor",
      "POST /hired-agents/:id/deactivate": "editor",
      "PUT /hired-agents/:id/goals": "editor",
      "DELETE /hired-agents/:id/goals/:goal": "editor",
      "POST /hired-agents/:id/goals/:goal/run": "editor",
    })
  })

  it("a call without fields takes {} or no body, and refuses a field", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const goal = (await acme.putGoal(id)).json.goal_instance_id
    const calls = [
      [acme.as, `/hired-agents/${id}/finalize`],
      [acme.as, `/hired-agents/${id}/goals/${goal}/run`],
      [operator.as, "/hired-agents/process-trial-end"],
      [acme.as, `/hired-agents/${id}/deactivate`],
    ] as const
    for (const [as, path] of calls) {
      const more = await hiring.call("POST", `${base}${path}`, { as, body: { force: true } })
      assert.deepStrictEqual([more.status, more.json.code], [400, "invalid_request"], path)
      assert.deepStrictEqual(more.json.errors.map(({ path }: { path: string }) => path), ["$.force"])
    }
    for (const [as, path] of calls) {
      for (const body of [{ body: {} }, {}]) {
        assert.isBelow((await hiring.call("POST", `${base}${path}`, { as, ...body })).status, 300, path)
      }
    }
  })
})

describe("/metrics", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  it("counts subscriptions by status, the outbox and requests, and names no customer", async () => {
    const { as, name } = customerOf(hiring, "wilma")
    const subscribe = async () => {
      const body = { agent_id: marketing, customer_id: name, duration: "monthly" }
      return (await hiring.call("POST", `${base}/subscriptions`, { as, body })).json.subscription_id
    }
    await subscribe()
    await hiring.call("POST", `${base}/subscriptions/${await subscribe()}/activate`, operator)
    const { json, status } = await hiring.call("GET", "/metrics")
    assert.strictEqual(status, 200)
    assert.match(json, /^stint_hiring_subscriptions\{status="pending_payment"\} 1$/m)
    assert.match(json, /^stint_hiring_subscriptions\{status="active"\} 1$/m)
    assert.match(json, /^stint_hiring_subscriptions\{status="canceled"\} 0$/m)
    assert.match(json, /^stint_hiring_outbox_changes [1-9]\d*$/m)
    assert.match(json, /^stint_http_requests_total\{.*route="\/api\/v1\/subscriptions",status="201"\} 2$/m)
    assert.match(json, /^stint_http_requests_total\{method="any",route="none",status="200"\} \d+$/m)
    assert.notMatch(json, /wilma|SUB-/)
  })
})
