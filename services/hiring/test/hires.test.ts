/** Hires: drafts, finalize, deactivate, the pinned definition, who reads them, and their retention. */
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import { AgentTypeId } from "@stint/domain/Ids"
import { shippedDefinitions } from "@stint/domain/Shipped"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
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
  scheduler,
  startHiring,
  trading,
  tradingConfig,
} from "./Harness.ts"

/** A version of an agent type of its own, with the marketing agent's definition but for what is changed. */
const moving = (version: string, change: (definition: AgentTypeDefinition) => Partial<AgentTypeDefinition>) => {
  const shipped = shippedDefinitions.find((one) => one.agent_type_id === marketing)!
  return { ...shipped, agent_type_id: AgentTypeId.make("moving.v1"), version, ...change(shipped) }
}

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

describe("hires", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  it("a draft needs an active subscription of its customer, for that agent type, and else stores nothing", async () => {
    const acme = customerOf(hiring)
    const { subscription_id: id } = (await acme.subscribe()).json
    const pending = await acme.draft(id, { config: marketingConfig })
    assert.deepStrictEqual([pending.status, pending.json.code, pending.json.subscription_status], [
      409,
      "subscription_not_active",
      "pending_payment",
    ])
    await acme.activate(id)
    const other = await acme.draft(id, { config: tradingConfig }, trading)
    assert.deepStrictEqual([other.status, other.json.code, other.json.subscribed_agent_id], [
      409,
      "subscription_for_other_agent",
      marketing,
    ])
    assert.strictEqual((await acme.draft("SUB-none")).json.code, "subscription_not_found")
    assert.strictEqual((await customerOf(hiring).draft(id)).json.code, "subscription_not_found")
    assert.strictEqual((await acme.draft(id, { definition_version: "9.9.9" })).json.code, "agent_type_not_found")
    assert.strictEqual(
      (await acme.draft(id, { definition_version: "x".repeat(500) })).json.code,
      "agent_type_not_found",
    )
    assert.strictEqual((await acme.draft(id, { configured: true })).status, 400)
    assert.strictEqual((await hiring.call("PUT", `${base}/hired-agents/draft`, operator)).status, 403)
    hiring.neighbours.catalogAnswers = false
    const away = await acme.draft(id, { config: marketingConfig })
    hiring.neighbours.catalogAnswers = true
    assert.deepStrictEqual([away.status, away.json.code], [503, "unavailable"])
    assert.strictEqual((await acme.call("GET", `/hired-agents/by-subscription/${id}`)).json.code, "hire_not_found")
    await hiring.call("POST", `${base}/subscriptions/${id}/past-due`, operator)
    const pastDue = await acme.draft(id)
    assert.deepStrictEqual([pastDue.status, pastDue.json.subscription_status], [409, "past_due"])
  })

  it("before finalize a config that is not valid is stored, and missing names each fault", async () => {
    const acme = customerOf(hiring)
    const id = await acme.subscribed(trading)
    const empty = await acme.draft(id, {}, trading)
    assert.strictEqual(empty.status, 201)
    assert.strictEqual(empty.json.configured, false)
    assert.include(empty.json.missing.map((one: { path: string }) => one.path), "$.config.risk_limits")
    const wrong = { ...tradingConfig, default_coin: "DOGE", timezone: "+05:30", surprise: 1 }
    const stored = await acme.draft(id, { config: wrong }, trading)
    assert.strictEqual(stored.status, 200)
    assert.deepStrictEqual(stored.json.config, wrong)
    assert.sameMembers(stored.json.missing.map((one: { path: string }) => one.path), [
      "$.config.default_coin",
      "$.config.timezone",
      "$.config.surprise",
    ])
    const hire = stored.json.hired_instance_id
    const refused = await acme.call("POST", `/hired-agents/${hire}/finalize`, {})
    assert.deepStrictEqual([refused.status, refused.json.code], [409, "hire_not_configured"])
    assert.deepStrictEqual(refused.json.missing, stored.json.missing)
    assert.deepStrictEqual((await acme.call("GET", `/hired-agents/${hire}`)).json, stored.json)
  })

  it("a config or settings sent replaces the stored one, one left out keeps it", async () => {
    const acme = customerOf(hiring)
    const id = await acme.subscribed()
    await acme.draft(id, { config: marketingConfig, settings: { execution: { target: "journal" } } })
    const kept = (await acme.draft(id)).json
    assert.deepStrictEqual(kept.config, marketingConfig)
    assert.deepStrictEqual(kept.settings, { execution: { target: "journal" } })
    const replaced = (await acme.draft(id, { config: { nickname: "B" }, settings: {} })).json
    assert.deepStrictEqual([replaced.config, replaced.settings, replaced.configured], [{ nickname: "B" }, {}, false])
  })

  it("secrets and unknown settings are refused by their path, and no answer repeats a value", async () => {
    const acme = customerOf(hiring)
    const id = await acme.subscribed()
    const before = (await acme.draft(id, { config: marketingConfig })).json
    const finalize = () => acme.call("POST", `/hired-agents/${before.hired_instance_id}/finalize`, {})
    const webhook = (url: string) => ({ execution: { target: "webhook", url, secret_ref: "hook" } })
    const cases: Array<[Record<string, unknown>, Array<string>]> = [
      [{ config: { ...marketingConfig, constraints: { deep: [{ api_key: "hunter2" }] } } }, [
        "$.config.constraints.deep[0].api_key",
      ]],
      [{ config: { ...marketingConfig, x_password: "hunter2" } }, ["$.config.x_password"]],
      [{ settings: webhook("https://evil.example.com/hunter2") }, ["$.settings.execution.url"]],
      [{ settings: webhook("ftp://hooks.example.com/hunter2") }, ["$.settings.execution.url"]],
      [{ settings: { execution: { target: "webhook" } } }, [
        "$.settings.execution.url",
        "$.settings.execution.secret_ref",
      ]],
      [{ settings: { color: "red" } }, ["$.settings.color"]],
    ]
    hiring.files["secrets.json"] = JSON.stringify({ [acme.name]: { hook: secret } })
    for (const stage of ["draft", "finalized"]) {
      for (const [body, paths] of cases) {
        const answer = await acme.draft(id, body)
        assert.deepStrictEqual([answer.status, answer.json.code], [400, "invalid_request"], stage)
        assert.sameMembers(answer.json.errors.map((one: { path: string }) => one.path), paths)
        assert.notInclude(JSON.stringify(answer.json), "hunter2")
      }
      const now = (await acme.call("GET", `/hired-agents/${before.hired_instance_id}`)).json
      assert.deepStrictEqual([now.config, now.settings], [before.config, before.settings])
      await finalize()
    }
    assert.strictEqual((await acme.draft(id, { settings: webhook("https://hooks.example.com/in") })).status, 200)
    assert.strictEqual((await acme.draft(id, { settings: webhook("http://127.0.0.1:4999/in") })).status, 200)
  })

  it("after finalize a config that is not valid is refused and changes nothing", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id, subscription_id } = await acme.hired()
    const before = (await acme.call("GET", `/hired-agents/${hired_instance_id}`)).json
    const cursor = await feedEnd(hiring)
    const refused = await acme.draft(subscription_id, {
      config: { ...marketingConfig, platforms_enabled: ["tiktok"] },
    })
    assert.deepStrictEqual([refused.status, refused.json.code], [409, "hire_not_configured"])
    assert.strictEqual(refused.json.missing[0].path, "$.config.platforms_enabled[0]")
    assert.deepStrictEqual((await acme.call("GET", `/hired-agents/${hired_instance_id}`)).json, before)
    assert.deepStrictEqual((await follow(hiring, cursor)).items, [])
    const moved = await acme.draft(subscription_id, { config: { ...marketingConfig, timezone: "UTC" } })
    assert.strictEqual(moved.status, 200)
    const { items } = await follow(hiring, cursor)
    assert.deepStrictEqual(items.map(({ timezone, type }) => [type, timezone]), [["hire", "UTC"]])
  })

  it("finalizing again changes nothing; a deactivated hire is final", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id, subscription_id } = await acme.hired()
    const finalized = (await acme.call("GET", `/hired-agents/${id}`)).json
    assert.deepStrictEqual((await acme.call("POST", `/hired-agents/${id}/finalize`, {})).json, finalized)
    const other = customerOf(hiring)
    for (const verb of ["finalize", "deactivate"]) {
      assert.strictEqual((await other.call("POST", `/hired-agents/${id}/${verb}`, {})).json.code, "hire_not_found")
      assert.strictEqual((await hiring.call("POST", `${base}/hired-agents/${id}/${verb}`, operator)).status, 403)
    }
    const ended = await acme.call("POST", `/hired-agents/${id}/deactivate`, {})
    assert.deepStrictEqual([ended.status, ended.json.active], [200, false])
    assert.deepStrictEqual((await acme.call("POST", `/hired-agents/${id}/deactivate`, {})).json, ended.json)
    const refusals = [
      acme.draft(subscription_id, { config: marketingConfig }),
      acme.call("POST", `/hired-agents/${id}/finalize`, {}),
      acme.putGoal(id),
    ]
    for (const { json, status } of await Promise.all(refusals)) {
      assert.deepStrictEqual([status, json.code], [409, "hire_deactivated"])
    }
  })

  it("first drafts at once make one hire", async () => {
    const acme = customerOf(hiring)
    const id = await acme.subscribed()
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => acme.draft(id, { config: { ...marketingConfig, nickname: `N${n}` } })),
    )
    assert.deepStrictEqual(answers.map(({ status }) => status).sort(), [...Array(7).fill(200), 201])
    assert.strictEqual(new Set(answers.map(({ json }) => json.hired_instance_id)).size, 1)
    const list = await acme.call("GET", `/hired-agents?customer_id=${acme.name}`)
    assert.strictEqual(list.json.items.length, 1)
  })

  it("the version is pinned by the first draft, and moves when it is sent and the goals are valid under it", async () => {
    const acme = customerOf(hiring)
    hiring.definitions.push(moving("1.0.0", () => ({})))
    const { hired_instance_id, subscription_id } = await acme.hired("moving.v1")
    const goal = (await acme.putGoal(hired_instance_id)).json
    const draft = (more: Record<string, unknown>) => acme.draft(subscription_id, more, "moving.v1")
    hiring.definitions.push(
      moving("1.1.0", ({ config_schema }) => ({
        config_schema: { fields: config_schema.fields.filter(({ key }) => key !== "constraints") },
      })),
      moving("2.0.0", ({ goal_templates }) => ({
        goal_templates: goal_templates.filter(({ goal_template_id }) => goal_template_id !== dailyPost),
      })),
      moving("3.0.0", ({ config_schema }) => ({
        config_schema: {
          fields: [...config_schema.fields, { key: "clinic", label: "Clinic", type: "text", required: true }],
        },
      })),
    )
    assert.strictEqual((await draft({})).json.definition_version, "1.0.0")
    const refused = await draft({ definition_version: "2.0.0" })
    assert.deepStrictEqual([refused.status, refused.json.code], [409, "goals_do_not_hold"])
    assert.include(refused.json.errors[0].path, goal.goal_instance_id)
    const unconfigured = await draft({ definition_version: "3.0.0" })
    assert.deepStrictEqual([unconfigured.status, unconfigured.json.missing[0].path], [409, "$.config.clinic"])
    assert.strictEqual((await draft({})).json.definition_version, "1.0.0")
    const moved = await draft({ definition_version: "1.1.0" })
    assert.deepStrictEqual([moved.status, moved.json.definition_version], [200, "1.1.0"])
    const other = customerOf(hiring)
    const latest = await other.draft(await other.subscribed("moving.v1"), { config: marketingConfig }, "moving.v1")
    assert.deepStrictEqual([latest.json.definition_version, latest.json.configured], ["3.0.0", false])
  })

  it("a hire is read by its customer, operators and viewers, also while the catalog is away", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id, subscription_id } = await acme.hired()
    hiring.neighbours.catalogAnswers = false
    for (const as of [acme.as, "operator:olga", "viewer:vera"] as const) {
      const read = async (path: string) => (await hiring.call("GET", `${base}/hired-agents${path}`, { as })).json
      const hire = await read(`/${id}`)
      assert.strictEqual(hire.hired_instance_id, id)
      assert.deepStrictEqual(await read(`/by-subscription/${subscription_id}`), hire)
      assert.deepStrictEqual(
        (await hiring.call("GET", `${base}/subscriptions/${subscription_id}/hired-agent`, { as })).json,
        hire,
      )
      assert.deepStrictEqual((await read(`?customer_id=${acme.name}`)).items, [hire])
    }
    hiring.neighbours.catalogAnswers = true
    const other = customerOf(hiring)
    for (const path of [`/${id}`, `/by-subscription/${subscription_id}`, "/nope", "/%00", `/${"y".repeat(6000)}`]) {
      const answer = await other.call("GET", `/hired-agents${path}`)
      assert.strictEqual(answer.status, 404, path.slice(0, 30))
    }
    assert.strictEqual(
      (await other.call("GET", `/hired-agents?customer_id=${acme.name}`)).json.code,
      "customer_not_found",
    )
  })

  it("thirty days after its subscription's end a hire is gone, and in no list", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id, subscription_id } = await acme.hired()
    const { goal_instance_id: goal } = (await acme.putGoal(id)).json
    await acme.call("POST", `/subscriptions/${subscription_id}/cancel`, { at_period_end: false })
    const ended = (await acme.call("GET", `/hired-agents/${id}`)).json
    assert.strictEqual(ended.subscription_status, "canceled")
    assert.strictEqual(
      Date.parse(ended.retention_expires_at) - Date.parse(ended.subscription_ended_at),
      30 * 86_400_000,
    )
    const backDate = (interval: string) =>
      hiring.sql((sql) =>
        sql`
          update subscriptions set ended_at = now() - ${interval}::text::interval
          where subscription_id = ${subscription_id}`
      )
    await backDate("29 days 23 hours")
    assert.strictEqual((await acme.call("GET", `/hired-agents/${id}`)).status, 200)
    await backDate("30 days 1 second")
    const answers = [
      acme.call("GET", `/hired-agents/${id}`),
      acme.call("GET", `/hired-agents/by-subscription/${subscription_id}`),
      acme.call("GET", `/hired-agents/${id}/goals`),
      acme.call("GET", `/hired-agents/${id}/goals/${goal}`),
      acme.call("POST", `/hired-agents/${id}/finalize`, {}),
      acme.call("POST", `/hired-agents/${id}/deactivate`, {}),
      acme.call("POST", `/hired-agents/${id}/goals/${goal}/run`, {}),
      acme.putGoal(id),
      acme.call("DELETE", `/hired-agents/${id}/goals/${goal}`),
      hiring.call("GET", `${base}/hired-agents/${id}`, operator),
    ]
    for (const { json, status } of await Promise.all(answers)) {
      assert.deepStrictEqual([status, json.code], [410, "hire_gone"])
    }
    assert.deepStrictEqual((await acme.call("GET", `/hired-agents?customer_id=${acme.name}`)).json.items, [])
    const found = await hiring.call("POST", `${base}/goals/lookup`, {
      ...scheduler,
      body: { hired_instance_ids: [id] },
    })
    assert.strictEqual(found.json.hires[0].gone, true)
    assert.strictEqual((await customerOf(hiring).call("GET", `/hired-agents/${id}`)).status, 404)
  })
})
