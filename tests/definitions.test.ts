/** A definition is checked before it is published, and hires are moved to it: the catalog and hiring, without a network. */
import { App as Catalog } from "@stint/catalog/App"
import { App as Hiring } from "@stint/hiring/App"
import { shippedDefinitions } from "@stint/domain/Shipped"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { hireAgent, setGoal } from "./support/Customer.ts"
import { withDatabase } from "./support/Database.ts"
import { ready, serviceTokens, startService, type TestService } from "./support/Service.ts"

const type = "trading.delta_futures.v1"
const operator = { as: "operator:olga" } as const

describe("the check of a definition", () => {
  const services = {} as Record<"catalog" | "hiring", TestService>
  const databases: Array<Awaited<ReturnType<typeof withDatabase>>> = []
  /** Hiring is away while this is true. */
  let isAway = false
  beforeAll(async () => {
    const fetch = ((input: string | URL | Request, init?: RequestInit) => {
      const request = new Request(input, init)
      const name = new URL(request.url).hostname.split(".")[0] as keyof typeof services
      return isAway && name === "hiring" ? Promise.reject(new TypeError("refused")) : services[name].fetch(request)
    }) as typeof globalThis.fetch
    for (const [name, app] of [["catalog", Catalog], ["hiring", Hiring]] as const) {
      const database = await withDatabase(name)
      databases.push(database)
      services[name] = await startService(
        (app as typeof Catalog).pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch))),
        {
          CATALOG_URL: "http://catalog.test",
          HIRING_URL: "http://hiring.test",
          SCHEDULER_URL: "http://scheduler.test",
          [`${name.toUpperCase()}_DATABASE_URL`]: database.url,
        },
        { "service.token": await serviceTokens(name) },
      )
      await ready(services[name])
    }
  })
  afterAll(async () => {
    for (const service of Object.values(services)) await service.dispose()
    for (const database of databases) await database.release()
  })

  const shipped = shippedDefinitions.find(({ agent_type_id }) => agent_type_id === type)!
  const next = (change: Partial<typeof shipped>) => ({ ...shipped, version: "1.1.0", ...change })
  const check = (body: unknown, of = type) =>
    services.catalog.call("POST", `/api/v1/agent-types/${of}/check`, { ...operator, body })

  it("names whom it would break and stores nothing; what holds is published, and hires move to it", async () => {
    const hire = await hireAgent(services.hiring.call, "acme", type)
    const goal = await setGoal(services.hiring.call, "acme", hire.hired_instance_id, {
      goal_template_id: "trading.guardrail_report.v1",
      frequency: "daily",
      settings: {},
    })
    const breaking = await check(next({ goal_templates: shipped.goal_templates.slice(0, 2) }))
    assert.deepStrictEqual([breaking.status, breaking.json.holds, breaking.json.breaks.length], [200, 0, 1])
    const [{ errors, ...place }] = breaking.json.breaks
    assert.deepStrictEqual(place, {
      hired_instance_id: hire.hired_instance_id,
      goal_instance_id: goal.goal_instance_id,
    })
    assert.strictEqual(errors[0].path, "$.goal_template_id")
    const holding = next({ config_schema: { fields: shipped.config_schema.fields } })
    assert.deepStrictEqual((await check(holding)).json, { breaks: [], holds: 1, next_cursor: null })
    const get = (version: string) =>
      services.catalog.call("GET", `/api/v1/agent-types/${type}?version=${version}`, operator)
    assert.strictEqual((await get("1.1.0")).status, 404)
    await services.catalog.call("POST", "/api/v1/agent-types", { ...operator, body: holding })
    const moved = await services.hiring.call("POST", "/api/v1/hired-agents/migrate", {
      ...operator,
      body: { agent_id: type, to_version: "1.1.0", cap: 10, dry_run: false },
    })
    assert.deepStrictEqual(moved.json, {
      moved: 1,
      hired_instance_ids: [hire.hired_instance_id],
      skipped: [],
      next_cursor: null,
    })
  })

  it("is held to the rules of publishing, and is 503 while hiring is away", async () => {
    const other = await check(next({}), "other.v1")
    assert.deepStrictEqual([other.status, other.json.errors[0].path], [400, "$.agent_type_id"])
    const repeated = await check(next({ goal_templates: [shipped.goal_templates[0]!, shipped.goal_templates[0]!] }))
    assert.deepStrictEqual([repeated.status, repeated.json.errors[0].path], [
      400,
      "$.goal_templates[1].goal_template_id",
    ])
    const customer = await services.catalog.call("POST", `/api/v1/agent-types/${type}/check`, {
      as: "customer:acme",
      body: next({}),
    })
    assert.strictEqual(customer.status, 403)
    assert.strictEqual(
      (await services.catalog.call("POST", `/api/v1/agent-types/${type}/check?cursor=x`, {
        ...operator,
        body: next({}),
      }))
        .status,
      400,
    )
    isAway = true
    const away = await check(next({}))
    isAway = false
    assert.deepStrictEqual([away.status, away.json.code], [503, "unavailable"])
  })
})
