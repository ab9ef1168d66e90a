/** Whatever can be made can be reached; whatever can't be read is 400 or 404 (domain.md, "Bounds"). */
import { shippedDefinitions } from "@stint/domain/Shipped"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { ready, startService, type TestService } from "../../../tests/support/Service.ts"
import { App } from "../src/App.ts"

describe("the catalog", () => {
  let catalog: TestService
  beforeAll(async () => {
    catalog = await startService(App, { USE_AGENT_TYPE_DB: "false" })
    await ready(catalog)
  })
  afterAll(() => catalog.dispose())
  const publish = (change: Record<string, unknown>) =>
    catalog.call("POST", "/api/v1/agent-types", {
      as: "operator:olga",
      body: { ...shippedDefinitions[0], ...change },
    })

  it("D2: an agent type whose id is as long as an id may be is found at its Location; a longer one can't be made", async () => {
    for (const length of [100, 101, 110, 128]) {
      const made = await publish({ agent_type_id: "t".repeat(length) })
      assert.strictEqual(made.status, 201, String(length))
      const found = await catalog.call("GET", made.headers.get("location")!, { as: "viewer:vera" })
      assert.deepStrictEqual([found.status, found.json.agent_type_id.length], [200, length])
      const versions = await catalog.call("GET", `/api/v1/agent-types/${"t".repeat(length)}/versions`, {
        as: "viewer:vera",
      })
      assert.lengthOf(versions.json.items, 1)
    }
    assert.strictEqual((await publish({ agent_type_id: "t".repeat(129) })).status, 400)
    for (const path of ["t".repeat(129), "t".repeat(3_000), "%C3%A9".repeat(129)]) {
      const { json, status } = await catalog.call("GET", `/api/v1/agent-types/${path}`, { as: "viewer:vera" })
      assert.strictEqual(status, 404, path.slice(0, 9))
      assert.isString(json.code)
    }
  })

  it("D1: a query may hold ?, and one that can't be read is 400 with the name of its parameter", async () => {
    const list = (query: string) => catalog.call("GET", `/api/v1/agent-types?${query}`, { as: "viewer:vera" })
    for (
      const [query, path] of [
        ["limit=5?%00", "query.limit"],
        ["cursor=x?y%00", "query.cursor"],
        ["limit=5&cursor=%ff", "query.cursor"],
        ["limit=5&a%20b=%00", 'query["a b"]'],
        ["%00=1", "query"],
        ["cursor=x?", "query.cursor"],
      ] as const
    ) {
      const { json, status } = await list(query)
      assert.deepStrictEqual([status, json.code, json.errors?.[0]?.path], [400, "invalid_request", path], query)
    }
    assert.strictEqual((await list("limit=5")).status, 200)
    assert.strictEqual(
      (await catalog.call("GET", "/api/v1/agent-types/x?version=a?b", { as: "viewer:vera" })).status,
      404,
    )
  })

  it("A2: a definition is judged by its fields, templates, options and bytes, before it is decoded", async () => {
    const field = (n: number) => ({ key: `f${n}`, label: "F", type: "text", required: false })
    const fields = (count: number) => Array.from({ length: count }, (_, n) => field(n))
    const options = (count: number) => Array.from({ length: count }, (_, n) => `o${n}`)
    const of = (config: unknown, more: Record<string, unknown> = {}) =>
      publish({ agent_type_id: "large.v1", config_schema: { fields: config }, goal_templates: [], ...more })
    const said = async (config: unknown, more?: Record<string, unknown>) => {
      const { json, status } = await of(config, more)
      return [status, json.errors?.[0]?.message]
    }
    assert.strictEqual((await of(fields(500))).status, 201)
    assert.deepStrictEqual(await said(fields(501)), [
      400,
      "must have at most 500 fields in all, nested ones included; it has 501 (bound definition_fields)",
    ])
    const picked = (count: number) => [{ ...field(0), type: "enum", options: options(count) }]
    assert.strictEqual((await of(picked(1_000), { version: "2.0.0" })).status, 201)
    assert.deepStrictEqual(await said(picked(1_001)), [
      400,
      "must have at most 1000 options in all; it has 1001 (bound definition_options)",
    ])
    const template = shippedDefinitions[0]!.goal_templates[0]!
    const templates = (count: number) =>
      Array.from(
        { length: count },
        (_, n) => ({ ...template, goal_template_id: `t${n}`, settings_schema: { fields: [] } }),
      )
    assert.strictEqual((await of([], { version: "3.0.0", goal_templates: templates(100) })).status, 201)
    assert.match((await said([], { goal_templates: templates(101) }))[1], /bound definition_templates/)
    const described = fields(200).map((one) => ({ ...one, description: "d".repeat(1_500) }))
    assert.match(
      (await said(described))[1],
      /^must have at most 262144 bytes as canonical JSON; it has \d+ \(bound definition_bytes\)$/,
    )
  })
})
