/** What one customer's documents may hold, and what is answered when they hold more (domain.md, "Bounds"). */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import {
  base,
  customerOf,
  dailyPost,
  type Hiring,
  marketingConfig,
  startHiring,
  trading,
  tradingConfig,
} from "./Harness.ts"

describe("bounds", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  it("A2: one draft of 400,000 wrong items is refused, and nothing of it is stored", async () => {
    const acme = customerOf(hiring)
    const subscription = await acme.subscribed(trading)
    const items = (count: number) => `[${Array.from({ length: count }, () => 1).join()}]`
    const draft = (coins: string) =>
      hiring.call("PUT", `${base}/hired-agents/draft`, {
        as: acme.as,
        raw: `{"subscription_id":"${subscription}","agent_id":"${trading}","config":{"allowed_coins":${coins}}}`,
        headers: { "content-type": "application/json" },
      })
    const huge = await draft(items(400_000))
    assert.deepStrictEqual([huge.status, huge.json.errors[0].message], [
      400,
      "must have at most 20000 keys and items in all (bound body_values)",
    ])
    const large = await draft(items(1_001))
    assert.deepStrictEqual([large.status, large.json.errors[0].path], [400, "$.config.allowed_coins"])
    assert.strictEqual(
      (await hiring.call("GET", `${base}/hired-agents/by-subscription/${subscription}`, acme)).status,
      404,
    )
    const wrong = await draft(items(1_000))
    assert.strictEqual(wrong.status, 201)
    assert.lengthOf(wrong.json.missing, 50)
    // the items, and the seven other fields
    assert.strictEqual(wrong.json.errors_omitted, 957)
    const again = await hiring.call("GET", `${base}/hired-agents/${wrong.json.hired_instance_id}`, acme)
    assert.deepStrictEqual(again.json, wrong.json)
    const finalized = await hiring.call("POST", `${base}/hired-agents/${wrong.json.hired_instance_id}/finalize`, acme)
    assert.deepStrictEqual([finalized.status, finalized.json.missing.length, finalized.json.errors_omitted], [
      409,
      50,
      957,
    ])
    assert.match(finalized.json.detail, /^1007 fields are absent or not valid/)
  })

  it("A2: a row of before the bounds stays readable, and says so when it is next written", async () => {
    const acme = customerOf(hiring)
    const subscription = await acme.subscribed(trading)
    const made = (await acme.draft(subscription, { config: tradingConfig }, trading)).json
    const id = made.hired_instance_id
    const coins = JSON.stringify(["BTC", ...Array.from({ length: 1_500 }, (_, n) => `C${n}`)])
    await hiring.ownerSql((sql) =>
      sql.unsafe(
        `update hired_agents set config = jsonb_set(config, '{allowed_coins}', '${coins}') where hired_instance_id = '${id}'`,
      )
    )
    const read = await hiring.call("GET", `${base}/hired-agents/${id}`, acme)
    assert.deepStrictEqual([read.status, read.json.config.allowed_coins.length, read.json.configured], [
      200,
      1_501,
      true,
    ])
    const kept = await acme.draft(subscription, { settings: {} }, trading)
    assert.deepStrictEqual([kept.status, kept.json.configured], [200, false])
    assert.deepStrictEqual(kept.json.missing, [
      { path: "$.config.allowed_coins", message: "must have at most 1000 items; it has 1501 (bound list_items)" },
    ])
    const mended = await acme.draft(subscription, { config: tradingConfig }, trading)
    assert.deepStrictEqual([mended.status, mended.json.configured, mended.json.missing], [200, true, []])
  })

  it("A2: a goal's settings are bounded as a config is", async () => {
    const acme = customerOf(hiring)
    const hire = (await acme.draft(await acme.subscribed(), { config: marketingConfig })).json.hired_instance_id
    const put = (settings: unknown) =>
      hiring.call("PUT", `${base}/hired-agents/${hire}/goals`, {
        as: acme.as,
        body: { goal_template_id: dailyPost, frequency: "daily", settings },
      })
    assert.strictEqual((await put({ topic: "x".repeat(16_384) })).status, 201)
    const long = await put({ topic: "x".repeat(900_000) })
    assert.strictEqual(long.status, 400)
    assert.sameMembers(long.json.errors.map((one: { path: string }) => one.path), ["$.settings", "$.settings.topic"])
    assert.include(long.json.errors[1].message, "bound text_bytes")
  })

  it("A4: a list ends its page where its bytes do, and goes on with its cursor", async () => {
    const acme = customerOf(hiring)
    const ids: Array<string> = []
    for (let n = 0; n < 3; n++) {
      ids.push((await acme.draft(await acme.subscribed(), { config: marketingConfig })).json.hired_instance_id)
    }
    // as one of 0.2.0 could be: nearly a whole body
    await hiring.ownerSql((sql) =>
      sql.unsafe(
        `update hired_agents set config = jsonb_set(config, '{brand_name}', to_jsonb(repeat('x', 900000)))
        where customer_id = '${acme.name}'`,
      )
    )
    const seen: Array<string> = []
    let cursor: string | null = ""
    let pages = 0
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&cursor=${cursor}`
      const { json } = await hiring.call("GET", `${base}/hired-agents?customer_id=${acme.name}&limit=200${query}`, {
        as: acme.as,
      })
      assert.isAtMost(JSON.stringify(json).length, 2 * 1024 * 1024)
      seen.push(...json.items.map((one: { hired_instance_id: string }) => one.hired_instance_id))
      cursor = json.next_cursor
      pages++
    }
    assert.deepStrictEqual(seen, ids)
    assert.strictEqual(pages, 2)
  })
})
