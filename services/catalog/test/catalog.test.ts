/** The catalog over its fetch handler: what is published, what never changes, who may do what. */
import { shippedDefinitions } from "@stint/domain/Shipped"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { withDatabase } from "../../../tests/support/Database.ts"
import { type Answer, ready, type Send, startService, type TestService } from "../../../tests/support/Service.ts"
import { until } from "../../../tests/support/Until.ts"
import { App } from "../src/App.ts"

/** A definition of an agent type of the test's own. */
const custom = (agent_type_id: string, version: string, name = "Gardening notes") => ({
  agent_type_id,
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
const base = "/api/v1/agent-types"

describe("the catalog", () => {
  let catalog: TestService
  let database: Awaited<ReturnType<typeof withDatabase>>
  const start = async () => {
    const service = await startService(App, { CATALOG_DATABASE_URL: database.url })
    await ready(service)
    return service
  }
  beforeAll(async () => {
    database = await withDatabase("catalog")
    catalog = await start()
  })
  afterAll(async () => {
    await catalog.dispose()
    await database.release()
  })
  const publish = (body: unknown, headers = {}) => catalog.call("POST", base, { ...op, body, headers })

  const get = (path: string) => catalog.call("GET", `${base}${path}`, { as: "customer:acme" })
  const paths = ({ json }: Answer) => json.errors.map((one: { path: string }) => one.path)
  const versions = ({ json }: Answer) => json.items.map((one: { version: string }) => one.version)

  it("ships three types, published at start", async () => {
    const listed = (await get("?limit=200")).json.items.map((one: { agent_type_id: string }) => one.agent_type_id)
    for (const { agent_type_id, version } of shippedDefinitions) {
      assert.strictEqual((await get(`/${agent_type_id}?version=${version}`)).json.id, `${agent_type_id}@${version}`)
      assert.include(listed, agent_type_id)
    }
    assert.strictEqual(shippedDefinitions.length, 3)
    assert.deepStrictEqual(listed, listed.toSorted())
  })

  it("a version is published once, found again, and never changes", async () => {
    const type = "once.v1"
    const made = await publish(custom(type, "1.9.0"))
    assert.deepStrictEqual([made.status, made.json.id], [201, `${type}@1.9.0`])
    assert.strictEqual(made.headers.get("location"), `${base}/${type}?version=1.9.0`)
    const again = await publish(custom(type, "1.9.0"))
    assert.deepStrictEqual([again.status, again.json], [200, made.json])
    const changed = await publish(custom(type, "1.9.0", "Other"))
    assert.deepStrictEqual([changed.status, changed.json.code], [409, "agent_type_immutable"])
    assert.deepStrictEqual(paths(changed), ["$.goal_templates[0].name"])
    assert.deepStrictEqual((await get(`/${type}`)).json, made.json)
  })

  it("the latest is by semantic version, in the list as well, and versions come in pages from it on", async () => {
    const type = "latest.v1"
    for (const version of ["1.9.0", "1.10.0", "2.0.0-rc.1"]) await publish(custom(type, version))
    assert.strictEqual((await get(`/${type}`)).json.version, "2.0.0-rc.1")
    await publish(custom(type, "2.0.0"))
    const list: ReadonlyArray<{ id: string }> = (await get("?limit=200")).json.items
    assert.deepStrictEqual(list.map(({ id }) => id).filter((id) => id.startsWith(type)), [`${type}@2.0.0`])
    const page = await get(`/${type}/versions?limit=2`)
    assert.deepStrictEqual(versions(page), ["2.0.0", "2.0.0-rc.1"])
    const rest = await get(`/${type}/versions?cursor=${page.json.next_cursor}`)
    assert.deepStrictEqual([versions(rest), rest.json.next_cursor], [["1.10.0", "1.9.0"], null])
  })

  it("a token is needed, only an operator publishes, and what there is not is not found", async () => {
    const none = await catalog.call("GET", base)
    assert.strictEqual(none.status, 401)
    assert.strictEqual(none.headers.get("content-type"), "application/problem+json")
    assert.isString(none.json.request_id)
    const sent = { as: "customer:acme", body: custom("roles.v1", "3.0.0") } as const
    assert.strictEqual((await catalog.call("POST", base, sent)).status, 403)
    for (const path of ["/roles.v1", "/nope", "/%00", "/%ff"]) assert.strictEqual((await get(path)).status, 404, path)
    assert.strictEqual((await get("?cursor=%00")).status, 400)
    const path = await catalog.call("GET", "/nowhere", op)
    assert.deepStrictEqual([path.status, path.json.code], [404, "not_found"])
  })

  it("a hostile body is refused, and nothing is stored", async () => {
    const type = "hostile.v1"
    const text = JSON.stringify(custom(type, "9.0.0"))
    const cases: Array<[number, string | Uint8Array<ArrayBuffer>, Record<string, string>?]> = [
      [400, new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
      [400, text.replace("Gardening notes", "a\\u0000b")],
      [400, text.replace("Gardening notes", "a\\ud800b")],
      [400, text.replace('"fields":[]', '"fields":[1e999]')],
      [400, "[".repeat(2000) + "]".repeat(2000)],
      [400, "{"],
      [400, text.replace('"version"', '"extra":1,"version"')],
      [413, JSON.stringify({ ...custom(type, "9.0.0"), pad: "x".repeat(1_100_000) })],
      [415, text, { "content-type": "text/plain" }],
    ]
    for (const [status, raw, headers = {}] of cases) {
      const answer = await catalog.call("POST", base, { ...op, raw, headers })
      assert.strictEqual(answer.status, status, `${String(raw).slice(0, 60)} -> ${JSON.stringify(answer.json)}`)
      assert.isString(answer.json.code)
    }
    assert.strictEqual((await get(`/${type}`)).status, 404)
  })

  it("an Idempotency-Key replays its reply, and refuses another body", async () => {
    const type = "keyed.v1"
    const key = { "idempotency-key": '"k-1"' }
    const first = await publish(custom(type, "4.0.0"), key)
    const second = await publish(custom(type, "4.0.0"), { "idempotency-key": "k-1" })
    assert.deepStrictEqual([first.status, second.status], [201, 201])
    assert.deepStrictEqual(second.json, first.json)
    assert.strictEqual(second.headers.get("location"), first.headers.get("location"))
    const other = await publish(custom(type, "4.0.1"), key)
    assert.deepStrictEqual([other.status, other.json.code], [422, "idempotency_mismatch"])
    assert.strictEqual((await publish(custom(type, "4.0.2"), { "idempotency-key": "has space" })).status, 400)
  })

  it("a caller that hangs up, at whatever moment, leaves no key in flight behind", async () => {
    await Promise.all(Array.from({ length: 60 }, async (_, n) => {
      const caller = new AbortController()
      const body = custom("leaving.v1", `1.0.${n}`)
      const headers = { "idempotency-key": `leaving-${n}` }
      const asked = catalog.call("POST", base, { ...op, body, headers, signal: caller.signal })
      setTimeout(() => caller.abort(), n / 4)
      await asked.catch(() => undefined)
      // A request that is still handled ends in milliseconds; a key that is left behind is in flight for 30 s
      const again = await until("the request of the caller that hung up has ended", async () => {
        const answer = await publish(body, headers)
        return answer.status !== 409 && answer
      })
      assert.strictEqual(again.status, 201, JSON.stringify(again.json))
    }))
  })

  it("contracts, documents and health are served", async () => {
    const replica = await start()
    assert.strictEqual((await replica.call("GET", "/openapi.json")).json.info.title, "Stint catalog")
    for (const path of ["/docs", "/livez"]) {
      assert.strictEqual((await replica.call("GET", path)).status, 200, path)
    }
    await ready(replica)
    await replica.drain()
    assert.strictEqual((await replica.call("GET", "/readyz")).status, 503)
    await replica.dispose()
  })

  it("shows its types and its requests on /metrics", async () => {
    await get("")
    const { json, status } = await catalog.call("GET", "/metrics")
    assert.strictEqual(status, 200)
    assert.match(json, /^stint_catalog_agent_types \d+$/m)
    assert.match(json, /^stint_catalog_agent_type_versions \d+$/m)
    assert.match(json, /^stint_http_requests_total\{method="GET",route="\/api\/v1\/agent-types",status="200"\} \d+$/m)
  })

  describe("PUT", () => {
    const put = (type: string, body: unknown, send: Send = {}) =>
      catalog.call("PUT", `${base}/${type}`, { ...op, body, ...send })

    it("makes a new version once, and answers with a published one of the same content", async () => {
      const [type, at] = ["put.v1", `${base}/put.v1?version=1.1.0`]
      await publish(custom(type, "1.0.0"))
      const made = await put(type, custom(type, "1.1.0"))
      assert.deepStrictEqual([made.status, made.headers.get("location"), made.json.id], [201, at, `${type}@1.1.0`])
      const again = await put(type, custom(type, "1.1.0"))
      assert.deepStrictEqual([again.status, again.json], [200, made.json])
      assert.deepStrictEqual((await get(`/${type}`)).json, made.json)
    })

    it("never changes a published version: 409 names each difference", async () => {
      const [{ agent_type_id: type, ...shipped }] = shippedDefinitions as [typeof shippedDefinitions[0]]
      const before = (await get(`/${type}?version=${shipped.version}`)).json
      const { enforcement_defaults, goal_templates: [first, ...others] } = shipped
      const changed = await put(type, {
        ...shipped,
        agent_type_id: type,
        enforcement_defaults: { ...enforcement_defaults, deterministic: !enforcement_defaults.deterministic },
        goal_templates: [{ ...first, name: "Another name" }, ...others],
      })
      assert.deepStrictEqual([changed.status, changed.json.code], [409, "agent_type_immutable"])
      assert.sameMembers(paths(changed), ["$.enforcement_defaults.deterministic", "$.goal_templates[0].name"])
      assert.deepStrictEqual((await get(`/${type}?version=${shipped.version}`)).json, before)
    })

    it("is refused for another type than the path's and for who is no operator, and nothing is stored", async () => {
      const [type, other] = ["refused.v1", "other.v1"]
      const misplaced = await put(type, custom(other, "1.2.0"))
      assert.deepStrictEqual([misplaced.status, misplaced.json.code], [400, "invalid_request"])
      assert.deepStrictEqual(paths(misplaced), ["$.agent_type_id"])
      for (const as of ["customer:acme", "viewer:vera", "service:hiring"] as const) {
        assert.strictEqual((await put(type, custom(type, "1.2.0"), { as })).status, 403, as)
      }
      for (const one of [type, other]) assert.strictEqual((await get(`/${one}`)).status, 404)
    })
  })
})
