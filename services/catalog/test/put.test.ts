/** PUT of an agent type, on both storages: a new version is made, an old one stays what it was. */
import { shippedDefinitions } from "@stint/domain/Shipped"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { withDatabase } from "../../../tests/support/Database.ts"
import { ready, type Send, startService, type TestService } from "../../../tests/support/Service.ts"
import { App } from "../src/App.ts"

const shipped = shippedDefinitions[0]!
const path = `/api/v1/agent-types/${shipped.agent_type_id}`
const next = { ...shipped, version: "1.1.0" }

for (const mode of ["memory", "postgres"] as const) {
  describe(`PUT on ${mode}`, () => {
    let catalog: TestService
    let release = async () => {}
    beforeAll(async () => {
      const env: Record<string, string> = { USE_AGENT_TYPE_DB: String(mode === "postgres") }
      if (mode === "postgres") {
        const database = await withDatabase("catalog")
        env.CATALOG_DATABASE_URL = database.url
        release = database.release
      }
      catalog = await startService(App, env)
      await ready(catalog)
    })
    afterAll(async () => {
      await catalog.dispose()
      await release()
    })
    const put = (body: unknown, send: Send = {}) => catalog.call("PUT", path, { as: "operator:olga", body, ...send })
    const get = (version: string) => catalog.call("GET", `${path}?version=${version}`, { as: "customer:acme" })

    it("makes a new version once, and gives an old one with the same content as it is", async () => {
      assert.strictEqual((await get("1.1.0")).status, 404)
      const made = await put(next)
      assert.deepStrictEqual([made.status, made.headers.get("location")], [201, `${path}?version=1.1.0`])
      assert.strictEqual(made.json.id, `${shipped.agent_type_id}@1.1.0`)
      const again = await put(next)
      assert.deepStrictEqual([again.status, again.json], [200, made.json])
      const latest = await catalog.call("GET", path, { as: "customer:acme" })
      assert.deepStrictEqual(latest.json, made.json)
    })

    it("never changes a published version: 409 names each difference, and what was published stays", async () => {
      const before = (await get(shipped.version)).json
      const { enforcement_defaults, goal_templates: [first, ...others] } = shipped
      const changed = await put({
        ...shipped,
        enforcement_defaults: { ...enforcement_defaults, deterministic: !enforcement_defaults.deterministic },
        goal_templates: [{ ...first, name: "Another name" }, ...others],
      })
      assert.deepStrictEqual([changed.status, changed.json.code], [409, "agent_type_immutable"])
      assert.sameMembers(changed.json.errors.map((error: { path: string }) => error.path), [
        "$.enforcement_defaults.deterministic",
        "$.goal_templates[0].name",
      ])
      assert.deepStrictEqual((await get(shipped.version)).json, before)
    })

    it("is refused for another type than the path's, and for who is no operator; nothing is stored", async () => {
      const other = await put({ ...next, agent_type_id: "gardening.v1", version: "1.2.0" })
      assert.deepStrictEqual([other.status, other.json.code], [400, "invalid_request"])
      assert.deepStrictEqual(other.json.errors.map((error: { path: string }) => error.path), ["$.agent_type_id"])
      for (const [as, status] of [["customer:acme", 403], ["viewer:vera", 403], ["service:hiring", 403]] as const) {
        assert.strictEqual((await put({ ...next, version: "1.2.0" }, { as })).status, status, as)
      }
      assert.strictEqual((await get("1.2.0")).status, 404)
      const unknown = await catalog.call("GET", "/api/v1/agent-types/gardening.v1", { as: "customer:acme" })
      assert.strictEqual(unknown.status, 404)
    })
  })
}
