import { assert, describe, it } from "@effect/vitest"
import { until } from "../../../tests/support/Until.ts"
import { Browser, jsonOf, ORIGIN } from "../../../tests/support/Browser.ts"
import { behindFront, problemOf } from "./support/Behind.ts"
import { nowhere, startFront } from "./support/Front.ts"

const t = behindFront()

describe("a path", () => {
  it.each([
    "/api/v1/../livez",
    "/api/v1/agent-types/../../metrics",
    "/api/v1/agent-types/%2e%2e",
    "/api/v1/agent-types/.%2E",
    "/api/v1//agent-types",
    "//api/v1/agent-types",
    "/api/v1/agent-types%2fX",
    "/api/v1/%61gent-types/..",
    "/api/v1/agent-types/a\\..\\b",
    "/api/v1/agent-types/%ff",
    "/api/v1/agent-types/%00",
  ])("that is a trick reaches no service: %s", async (path) => {
    // a Request would mend some: the url is put in as a client sends it
    const request = new Request(`${ORIGIN}/`, { headers: { host: "127.0.0.1:4100", authorization: t.bearer } })
    Object.defineProperty(request, "url", { value: `${ORIGIN}${path}` })
    const response = await t.front.fetch(request)
    assert.oneOf(response.status, [404, 405], path)
    assert.isEmpty(t.heard)
  })

  it.each(["/api/v1/agent-types/a%2Fb", "/api/v1/agent-types/%2e%2e%2fmetrics", "/api/v1/agent-types/%E2%82%AC"])(
    "keeps an encoded parameter as it was sent: %s",
    async (path) => {
      await t.send("GET", path)
      assert.strictEqual(t.heard[0]!.target, path)
    },
  )

  it("under a Host that is none is 400", async () => {
    const request = new Request(`${ORIGIN}/api/v1/agent-types`, { headers: { host: "a b", authorization: t.bearer } })
    assert.deepStrictEqual(await problemOf(await t.front.fetch(request)), [400, 400, "invalid_request"])
  })
})

describe("a service that is away", () => {
  it("is a 503 that names it, and /readyz names all that are", async () => {
    const own = await startFront({ upstream: t.upstream.url, env: { HIRING_URL: nowhere() } })
    const response = await t.send("GET", "/api/v1/hired-agents?customer_id=acme", {}, own)
    assert.strictEqual(response.headers.get("retry-after"), "1")
    const problem = await jsonOf(response)
    assert.deepStrictEqual([response.status, problem.code], [503, "unavailable"])
    assert.include(problem.detail, "hiring")
    assert.strictEqual((await t.send("GET", "/api/v1/agent-types", {}, own)).status, 200)
    const away = await until("readiness names it", async () => {
      const ready = await t.send("GET", "/readyz", {}, own)
      const { away, itself } = await jsonOf(ready)
      assert.deepStrictEqual([ready.status, itself], [200, "ready"])
      return away.find(({ part }: { readonly part: string }) => part === "hiring")
    })
    assert.strictEqual(away.how, "refused")
    await own.stop()
  })

  it("and breaks off before its answer is a 502", async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 })
    const ending = (async () => {
      for await (const connection of listener) {
        await connection.read(new Uint8Array(1024)).catch(() => null)
        connection.close()
      }
    })()
    const url = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`
    const own = await startFront({ upstream: url })
    const response = await t.send("POST", "/api/v1/deliverables", { body: "{}" }, own)
    assert.strictEqual(response.headers.get("retry-after"), "1")
    assert.deepStrictEqual(await problemOf(response), [502, 502, "bad_gateway"])
    await own.stop()
    listener.close()
    await ending.catch(() => {})
  })

  it("does not take the page away", async () => {
    const own = await startFront()
    const browser = new Browser(own)
    assert.strictEqual((await browser.signIn("operator")).user.role, "operator")
    assert.strictEqual((await browser.json("GET", "/api/v1/scheduler/status")).code, "unavailable")
    assert.strictEqual((await browser.send("GET", "/overview", { headers: { accept: "text/html" } })).status, 200)
    await own.stop()
  })
})

describe("what is counted", () => {
  it("is each route by its template", async () => {
    await t.send("GET", "/api/v1/agent-types/some-type")
    const text = await (await t.send("GET", "/metrics")).text()
    assert.match(text, /stint_http_requests_total\{[^}]*route="\/api\/v1\/agent-types\/:type"[^}]*\} [1-9]/)
    assert.notInclude(text, "some-type")
    assert.match(text, /stint_neighbour_away\{[^}]*part="hiring"[^}]*\} 0/)
  })
})
