/** The catalog over its fetch handler: one suite, both storages. */
import { shippedDefinitions } from "@stint/domain/Shipped"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { withDatabase } from "../../../tests/support/Database.ts"
import { ready, startService, type TestService } from "../../../tests/support/Service.ts"
import { App } from "../src/App.ts"

const custom = (version: string, name = "Gardening notes") => ({
  agent_type_id: "gardening.v1",
  version,
  config_schema: { fields: [{ key: "garden", label: "Garden", type: "text", required: true }] },
  goal_templates: [
    {
      goal_template_id: "gardening.note.v1",
      name,
      default_frequency: "daily",
      settings_schema: { fields: [] },
      skill_binding: "gardening",
    },
  ],
  enforcement_defaults: { approval_required: true, deterministic: true },
})
const op = { as: "operator:olga" } as const

for (const mode of ["memory", "postgres"] as const) {
  describe(`catalog on ${mode}`, () => {
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
    const publish = (body: unknown, headers = {}) =>
      catalog.call("POST", "/api/v1/agent-types", { ...op, body, headers })

    it("ships two types, published at start", async () => {
      const list = await catalog.call("GET", "/api/v1/agent-types", { as: "customer:acme" })
      assert.strictEqual(list.status, 200)
      assert.deepStrictEqual(
        list.json.items.map((t: { id: string }) => t.id),
        shippedDefinitions.map((d) => `${d.agent_type_id}@${d.version}`).sort(),
      )
    })

    it("a version is published once, found again, and never changes", async () => {
      const made = await publish(custom("1.9.0"))
      assert.strictEqual(made.status, 201)
      assert.strictEqual(made.headers.get("location"), "/api/v1/agent-types/gardening.v1?version=1.9.0")
      assert.strictEqual(made.json.id, "gardening.v1@1.9.0")
      assert.strictEqual((await publish(custom("1.9.0"))).status, 200)
      const changed = await publish(custom("1.9.0", "Other"))
      assert.strictEqual(changed.status, 409)
      assert.strictEqual(changed.json.code, "agent_type_immutable")
      assert.deepStrictEqual(changed.json.errors.map((e: { path: string }) => e.path), ["$.goal_templates[0].name"])
    })

    it("the latest is by semantic version", async () => {
      await publish(custom("1.10.0"))
      await publish(custom("2.0.0-rc.1"))
      const latest = await catalog.call("GET", "/api/v1/agent-types/gardening.v1", op)
      assert.strictEqual(latest.json.version, "2.0.0-rc.1")
      await publish(custom("2.0.0"))
      const page = await catalog.call("GET", "/api/v1/agent-types/gardening.v1/versions?limit=2", op)
      assert.deepStrictEqual(page.json.items.map((t: { version: string }) => t.version), ["2.0.0", "2.0.0-rc.1"])
      const rest = await catalog.call(
        "GET",
        `/api/v1/agent-types/gardening.v1/versions?cursor=${page.json.next_cursor}`,
        op,
      )
      assert.deepStrictEqual(rest.json.items.map((t: { version: string }) => t.version), ["1.10.0", "1.9.0"])
    })

    it("roles, tokens, unknown things", async () => {
      const none = await catalog.call("GET", "/api/v1/agent-types")
      assert.strictEqual(none.status, 401)
      assert.strictEqual(none.headers.get("content-type"), "application/problem+json")
      assert.isString(none.json.request_id)
      const role = await catalog.call("POST", "/api/v1/agent-types", { as: "customer:acme", body: custom("3.0.0") })
      assert.strictEqual(role.status, 403)
      assert.strictEqual((await catalog.call("GET", "/api/v1/agent-types/nope", op)).status, 404)
      assert.strictEqual((await catalog.call("GET", "/api/v1/agent-types/%00", op)).status, 404)
      assert.strictEqual((await catalog.call("GET", "/api/v1/agent-types/%ff", op)).status, 404)
      assert.strictEqual((await catalog.call("GET", "/api/v1/agent-types?cursor=%00", op)).status, 400)
      const path = await catalog.call("GET", "/nowhere", op)
      assert.strictEqual(path.status, 404)
      assert.strictEqual(path.json.code, "not_found")
    })

    it("hostile bodies get their 4xx and store nothing", async () => {
      const send = (raw: string | Uint8Array<ArrayBuffer>, headers = {}) =>
        catalog.call("POST", "/api/v1/agent-types", { ...op, raw, headers })
      const text = JSON.stringify(custom("9.0.0"))
      const cases: Array<[number, string | Uint8Array<ArrayBuffer>, Record<string, string>?]> = [
        [400, new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
        [400, text.replace("Gardening notes", "a\\u0000b")],
        [400, text.replace("Gardening notes", "a\\ud800b")],
        [400, text.replace('"fields":[]', '"fields":[1e999]')],
        [400, "[".repeat(2000) + "]".repeat(2000)],
        [400, "{"],
        [400, text.replace('"version"', '"extra":1,"version"')],
        [413, JSON.stringify({ ...custom("9.0.0"), pad: "x".repeat(1_100_000) })],
        [415, text, { "content-type": "text/plain" }],
      ]
      for (const [status, raw, headers] of cases) {
        const answer = await send(raw, headers)
        assert.strictEqual(answer.status, status, `${String(raw).slice(0, 60)} -> ${JSON.stringify(answer.json)}`)
        assert.isString(answer.json.code)
      }
      assert.strictEqual((await catalog.call("GET", "/api/v1/agent-types/gardening.v1?version=9.0.0", op)).status, 404)
    })

    it("an Idempotency-Key replays its reply, and refuses another body", async () => {
      const key = { "idempotency-key": '"k-1"' }
      const first = await publish(custom("4.0.0"), key)
      const second = await publish(custom("4.0.0"), { "idempotency-key": "k-1" })
      assert.strictEqual(first.status, 201)
      assert.strictEqual(second.status, 201)
      assert.deepStrictEqual(second.json, first.json)
      assert.strictEqual(second.headers.get("location"), first.headers.get("location"))
      const other = await publish(custom("4.0.1"), key)
      assert.strictEqual(other.status, 422)
      assert.strictEqual(other.json.code, "idempotency_mismatch")
      assert.strictEqual((await publish(custom("4.0.2"), { "idempotency-key": "has space" })).status, 400)
    })

    it("a caller that hangs up, whenever it does, leaves no key in flight behind", async () => {
      const type = { ...custom("1.0.0"), agent_type_id: "leaving.v1" }
      const keyOf = (n: number) => ({ "idempotency-key": `leaving-${n}` })
      await Promise.all(Array.from({ length: 60 }, async (_, n) => {
        const caller = new AbortController()
        const body = { ...type, version: `1.0.${n}` }
        const asked = catalog.call("POST", "/api/v1/agent-types", {
          ...op,
          body,
          headers: keyOf(n),
          signal: caller.signal,
        })
        setTimeout(() => caller.abort(), n / 4)
        await asked.catch(() => undefined)
        // what is still on its way ends in milliseconds; a key that is left behind is in flight for 30 s
        let again = await publish(body, keyOf(n))
        for (let tries = 0; tries < 100 && again.status === 409; tries++) {
          await new Promise((resolve) => setTimeout(resolve, 20))
          again = await publish(body, keyOf(n))
        }
        assert.strictEqual(again.status, 201, JSON.stringify(again.json))
      }))
    })

    it("contracts, documents and health are served", async () => {
      assert.strictEqual((await catalog.call("GET", "/openapi.json")).json.info.title, "Stint catalog")
      assert.strictEqual((await catalog.call("GET", "/docs")).status, 200)
      assert.strictEqual((await catalog.call("GET", "/livez")).status, 200)
      assert.strictEqual((await catalog.call("GET", "/readyz")).status, 200)
      await catalog.drain()
      assert.strictEqual((await catalog.call("GET", "/readyz")).status, 503)
    })

    it("shows its types and its requests on /metrics", async () => {
      const { json, status } = await catalog.call("GET", "/metrics")
      assert.strictEqual(status, 200)
      assert.match(json, /^stint_catalog_agent_types [2-9]$/m)
      assert.match(json, /^stint_catalog_agent_type_versions \d+$/m)
      assert.match(json, /^stint_http_requests_total\{method="GET",route="\/api\/v1\/agent-types",status="200"\} \d+$/m)
    })
  })
}
