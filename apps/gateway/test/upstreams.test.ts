import { assert, describe, it } from "@effect/vitest"
import { Neighbours } from "@stint/edge/Neighbours"
import { PortCheck } from "@stint/edge/PortCheck"
import { Trace } from "@stint/edge/RequestContext"
import { Upstreams } from "@stint/gateway/Upstreams"
import { table } from "@stint/gateway/Upstreams/Table"
import { ConfigProvider, Effect, Fiber, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { until } from "../../../tests/support/Until.ts"
import { jsonOf } from "../../../tests/support/Browser.ts"
import { behindFront, problemOf } from "./support/Behind.ts"
import { startFront, startUpstream } from "./support/Front.ts"

const t = behindFront()

describe("the table of routes", () => {
  it("has each route once: a path belongs to one service", () => {
    const keys = table.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ":")}`)
    assert.strictEqual(new Set(keys).size, keys.length)
    assert.isAbove(keys.length, 70)
  })

  it("leads every route of every contract to its service, with the methods that it has", async () => {
    const services = ["catalog", "hiring", "deliverables", "scheduler"] as const
    const asked: Array<string> = []
    const all = services.map((name) =>
      startUpstream((request) => {
        asked.push(`${name} ${request.method} ${new URL(request.url).pathname}`)
        return Response.json({})
      })
    )
    const env = Object.fromEntries(services.map((name, i) => [`${name.toUpperCase()}_URL`, all[i]!.url]))
    const own = await startFront({ env })
    for (const { method, path, service } of table) {
      const real = path.replaceAll(/:\w+/g, "X-1")
      const response = await t.send(method, real, method === "GET" ? {} : { body: "{}" }, own)
      await response.body?.cancel()
      assert.strictEqual(asked.at(-1), `${service} ${method} ${real}`)
    }
    await own.stop()
    for (const one of all) await one.stop()
  })

  it.each([
    ["GET", "/api/v1/nothing", 404, "not_found"],
    ["GET", "/api/v2/agent-types", 404, "not_found"],
    ["GET", "/api/v1/", 404, "not_found"],
    ["PATCH", "/api/v1/agent-types", 405, "method_not_allowed"],
    ["DELETE", "/", 405, "method_not_allowed"],
    ["POST", "/nothing", 405, "method_not_allowed"],
  ])("%s %s is %i", async (method, path, status, code) => {
    const [got, , found] = await problemOf(await t.send(method, path))
    assert.deepStrictEqual([got, found], [status, code])
    assert.isEmpty(t.heard)
  })
})

describe("a request", () => {
  it("arrives as it was sent, with the token, the id and the trace, and without what is the front door's", async () => {
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    let body = ""
    t.answer = async (request) => {
      body = await request.text()
      return Response.json({})
    }
    await t.send("POST", "/api/v1/deliverables/DEL-1/review?x=a%20b&y=%2F", {
      body: `{"decision":"approved"}`,
      headers: {
        "content-type": "application/json",
        "idempotency-key": "once",
        "if-match": `"v1"`,
        "x-request-id": "req-7",
        traceparent: `00-${trace}-00f067aa0ba902b7-01`,
        tracestate: "a=b",
        cookie: "stint-4100=x",
        origin: "https://evil.example",
        referer: "https://evil.example/",
        "x-stint-csrf": "c",
        "x-stint-instance": "i",
        "x-forwarded-for": "1.2.3.4",
        forwarded: "for=1.2.3.4",
        "sec-fetch-site": "none",
      },
    })
    const [got] = t.heard
    assert.deepStrictEqual([got!.method, got!.target, body], [
      "POST",
      "/api/v1/deliverables/DEL-1/review?x=a%20b&y=%2F",
      `{"decision":"approved"}`,
    ])
    const of = (name: string) => got!.headers.get(name)
    assert.deepStrictEqual(
      ["authorization", "content-type", "idempotency-key", "if-match", "x-request-id", "tracestate"].map(of),
      [t.bearer, "application/json", "once", `"v1"`, "req-7", "a=b"],
    )
    // the same trace, and the front door's own span
    assert.match(of("traceparent")!, new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`))
    for (const name of [...got!.headers.keys()]) {
      assert.notMatch(name, /^(cookie|origin|referer|forwarded|x-forwarded-.*|x-stint-.*|sec-.*)$/)
    }
  })

  it("of a maker that calls back needs no token, takes none along, and arrives as it was signed", async () => {
    let body = ""
    t.answer = async (request) => {
      body = await request.text()
      return Response.json({ state: "making" })
    }
    const signed = `{ "type":"draft.progress",  "data": {} }`
    const headers = {
      "content-type": "application/json",
      "webhook-id": "a",
      "webhook-signature": "v1,b",
      cookie: "x=y",
    }
    const { status } = await t.send("POST", "/api/v1/maker-answers", { body: signed, headers })
    assert.deepStrictEqual([status, body], [200, signed])
    const [got] = t.heard
    assert.strictEqual(got!.headers.get("webhook-signature"), "v1,b")
    for (const name of ["authorization", "cookie"]) assert.isNull(got!.headers.get(name))
  })

  it("loses the headers of its connection alone, those that Connection names included", async () => {
    await t.send("GET", "/api/v1/agent-types", {
      headers: {
        connection: "x-mine, keep-alive, authorization, b@d",
        "x-mine": "1",
        "keep-alive": "timeout=5",
        te: "trailers",
        upgrade: "websocket",
        "proxy-authorization": "Basic eA==",
        "x-kept": "1",
      },
    })
    const names = [...t.heard[0]!.headers.keys()]
    for (const name of ["x-mine", "te", "upgrade", "proxy-authorization"]) assert.notInclude(names, name)
    assert.strictEqual(t.heard[0]!.headers.get("x-kept"), "1")
    // no caller takes the token away
    assert.strictEqual(t.heard[0]!.headers.get("authorization"), t.bearer)
  })

  it("streams: its service reads the beginning before the end is sent", async () => {
    const first = Promise.withResolvers<string>()
    t.answer = async (request) => {
      const reader = request.body!.pipeThrough(new TextDecoderStream()).getReader()
      first.resolve((await reader.read()).value!)
      let rest = ""
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return Response.json({ rest })
        rest += value
      }
    }
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>()
    const writer = writable.getWriter()
    const answered = t.send("POST", "/api/v1/deliverables", { body: readable, duplex: "half" } as RequestInit)
    await writer.write(new TextEncoder().encode("begin"))
    assert.strictEqual(await first.promise, "begin")
    await writer.write(new TextEncoder().encode("end"))
    await writer.close()
    assert.deepStrictEqual(await (await answered).json(), { rest: "end" })
  })

  it("ends at its service when its caller goes away", async () => {
    const gone = Promise.withResolvers<void>()
    t.answer = (request) =>
      new Promise((resolve) =>
        request.signal.addEventListener("abort", () => {
          gone.resolve()
          resolve(new Response(null))
        })
      )
    const caller = new AbortController()
    const answered = t.send("GET", "/api/v1/agent-types", { signal: caller.signal })
    answered.catch(() => {})
    await until("the service has the request", () => t.heard.length === 1)
    caller.abort()
    await gone.promise
  })
})

describe("an answer", () => {
  it("comes back as it is, without what is of one connection, and with no cookie", async () => {
    t.answer = () =>
      new Response(`{"code":"draft_invalid","status":409,"request_id":"req-7"}`, {
        status: 409,
        headers: {
          "content-type": "application/problem+json",
          etag: `"v2"`,
          "set-cookie": "stint-4100=stolen",
          "x-mine": "1",
          connection: "x-mine",
          "ratelimit": `"customer";r=99;t=1`,
        },
      })
    const response = await t.send("GET", "/api/v1/agent-types", { headers: { "x-request-id": "req-7" } })
    assert.deepStrictEqual([response.status, (await jsonOf(response)).code], [409, "draft_invalid"])
    assert.strictEqual(response.headers.get("etag"), `"v2"`)
    assert.strictEqual(response.headers.get("ratelimit"), `"customer";r=99;t=1`)
    assert.deepStrictEqual([response.headers.get("set-cookie"), response.headers.get("x-mine")], [null, null])
    assert.strictEqual(response.headers.get("x-content-type-options"), "nosniff")
    assert.strictEqual(response.headers.get("cache-control"), "private, no-cache")
  })

  it.effect("that does not begin in time is 504, and its service is asked no more", () => {
    const signals: Array<AbortSignal> = []
    const fetch: typeof globalThis.fetch = (_, init) => {
      signals.push(init!.signal!)
      return new Promise(() => {})
    }
    return Effect.gen(function* () {
      const { pass } = yield* Upstreams
      const asked = new Request("http://front.test/api/v1/agent-types")
      const passing = yield* Effect.forkChild(Effect.flip(pass("catalog", asked, undefined)))
      yield* TestClock.adjust("34 seconds")
      assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [false])
      yield* TestClock.adjust("1 second")
      const { code, status } = yield* Fiber.join(passing)
      assert.deepStrictEqual([status, code], [504, "gateway_timeout"])
      assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [true])
    }).pipe(
      Effect.provide(Upstreams.layer.pipe(Layer.provide([
        Layer.succeed(FetchHttpClient.Fetch, fetch),
        Neighbours.none,
        Layer.succeed(PortCheck, { check: () => Effect.void, reach: () => Effect.succeed("127.0.0.1") }),
        ConfigProvider.layer(ConfigProvider.fromEnvRecord({})),
      ]))),
      Effect.provideService(Trace, { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", flags: "01" }),
    )
  })

  it("streams: its caller reads the beginning before the end is made", async () => {
    const end = Promise.withResolvers<void>()
    t.answer = () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new TextEncoder().encode("begin"))
            await end.promise
            controller.enqueue(new TextEncoder().encode("end"))
            controller.close()
          },
        }),
      )
    const reader = (await t.send("GET", "/api/v1/agent-types")).body!.pipeThrough(new TextDecoderStream()).getReader()
    assert.strictEqual((await reader.read()).value, "begin")
    end.resolve()
    assert.strictEqual((await reader.read()).value, "end")
  })

  it.each([204, 304])("without a body is one: %i", async (status) => {
    t.answer = () => new Response(null, { status, headers: { etag: `"v1"` } })
    const response = await t.send("GET", "/api/v1/agent-types")
    assert.deepStrictEqual([response.status, response.body, response.headers.get("etag")], [status, null, `"v1"`])
  })

  it("to HEAD has the headers alone", async () => {
    t.answer = () => new Response(null, { headers: { "content-type": "application/json", "x-kept": "1" } })
    const response = await t.send("HEAD", "/api/v1/agent-types")
    assert.deepStrictEqual([response.status, response.headers.get("x-kept"), await response.text()], [200, "1", ""])
    assert.strictEqual(t.heard[0]!.method, "HEAD")
  })

  it("that leads elsewhere is not followed with the token", async () => {
    t.answer = () => new Response(null, { status: 307, headers: { location: "http://127.0.0.1:1/" } })
    assert.strictEqual((await t.send("GET", "/api/v1/agent-types")).status, 307)
  })
})
