/** What the edge makes of requests that are odd, or conditional. */
import * as Logs from "@stint/edge/Logs"
import { conditionsOf, met, readStatus } from "@stint/edge/Preconditions"
import { printable } from "@stint/edge/Printable"
import { traceHeadersOf, traceOf } from "@stint/edge/RequestContext"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import type { TestService } from "../../../tests/support/Service.ts"
import { counter, inMemory, start } from "./Things.ts"

describe("a request", () => {
  let service: TestService
  beforeAll(async () => void (service = await start({}, inMemory)))
  afterAll(() => service.dispose())

  it("D4: with a Host that is none is 400, with a name or an address it is answered", async () => {
    const ask = (host: string) => service.call("GET", "/livez", { headers: { host } })
    for (const host of ["a b/..@x", "a/b", "a?b#c", "u:p@a", "a\\b", "[::1", "a:b", "é", "a:1:2", "%zz"]) {
      const answer = await ask(host)
      assert.deepStrictEqual([answer.status, answer.json.code], [400, "invalid_request"], host)
    }
    for (const host of ["a", "a.example:4101", "127.0.0.1:1", "[::1]:4101", "a_b", "", "a:"]) {
      assert.strictEqual((await ask(host)).status, 200, host)
    }
  })

  it("with a semicolon in its path is 404: what is before it is no path by itself", async () => {
    const ask = (path: string) => service.call("GET", path, { as: "customer:acme" })
    for (const path of ["/api/v1/things/1;x", "/api/v1/things/1;x=1?y=2", "/livez;"]) {
      const answer = await ask(path)
      assert.deepStrictEqual([answer.status, answer.json.code], [404, "not_found"], path)
    }
    assert.strictEqual((await ask("/livez?a;b")).status, 200)
  })

  it("D8: with a coded body, or one in another charset, is 415 and told what would do", async () => {
    const send = (headers: Record<string, string>) =>
      service.call("POST", "/api/v1/things/1", { as: "customer:acme", raw: "{}", headers })
    for (
      const headers of [
        { "content-encoding": "gzip" },
        { "content-encoding": "identity, gzip" },
        { "content-type": "application/json; charset=latin1" },
        { "content-type": "text/plain" },
      ]
    ) {
      const answer = await send(headers as Record<string, string>)
      assert.deepStrictEqual([answer.status, answer.json.code], [415, "unsupported_media_type"])
      assert.strictEqual(answer.headers.get("accept-encoding"), "identity")
      assert.strictEqual(answer.headers.get("accept"), "application/json")
    }
    assert.strictEqual((await send({ "content-encoding": "identity" })).status, 200)
    assert.strictEqual((await send({ "content-type": 'application/json;Charset="UTF-8"' })).status, 200)
  })

  it("D9: with a method that the path does not have is 405 with Allow; OPTIONS says which it has", async () => {
    for (
      const [path, methods] of [
        ["/api/v1/things/1", "GET, HEAD, OPTIONS, POST"],
        ["/livez", "GET, HEAD, OPTIONS"],
        ["/metrics", "GET, HEAD, OPTIONS"],
      ] as const
    ) {
      const wrong = await service.call("PATCH", path, { as: "customer:acme" })
      assert.deepStrictEqual([wrong.status, wrong.json.code], [405, "method_not_allowed"], path)
      assert.strictEqual(wrong.headers.get("allow"), methods)
      const asked = await service.call("OPTIONS", path, { headers: { origin: "https://a.example" } })
      assert.deepStrictEqual([asked.status, asked.json, asked.headers.get("allow")], [204, "", methods])
      assert.isNull(asked.headers.get("access-control-allow-origin"))
    }
    for (const method of ["PATCH", "OPTIONS"]) {
      assert.strictEqual((await service.call(method, "/api/v1/nothing/at/all")).status, 404)
    }
    assert.strictEqual((await service.call("HEAD", "/api/v1/things/1", { as: "customer:acme" })).status, 200)
  })

  it("D10: with If-Match for what has no ETag is 412, and with one that is none 400", async () => {
    const send = async (match: string) => {
      const before = counter.made
      const answer = await service.call("POST", "/api/v1/things/1", {
        as: "customer:acme",
        body: {},
        headers: { "if-match": match },
      })
      return [answer.status, counter.made - before]
    }
    assert.deepStrictEqual(await send('"stale"'), [412, 0])
    assert.deepStrictEqual(await send("stale"), [400, 0])
    assert.deepStrictEqual(await send("*"), [200, 1])
  })
})

describe("headers", () => {
  it("D6: a traceparent is taken as the recommendation says, and passed on as version 00", () => {
    const [id, span] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]
    const taken = (traceparent: string, tracestate?: string) =>
      traceOf(new Headers({ traceparent, ...(tracestate === undefined ? {} : { tracestate }) }))
    assert.deepStrictEqual(taken(`00-${id}-${span}-01`), { traceId: id, spanId: span, flags: "01" })
    assert.strictEqual(taken(`00-${id}-${span}-ff`).flags, "01")
    assert.strictEqual(taken(`01-${id}-${span}-00-more`).traceId, id)
    for (
      const wrong of [
        `00-${id}-${span}-01.`,
        `00-${id}-${span}-01-`,
        `00-${id}-${span}-01-more`,
        `01-${id}-${span}-01.`,
        `ff-${id}-${span}-01`,
        `00-${id.toUpperCase()}-${span}-01`,
        `00-${"0".repeat(32)}-${span}-01`,
        `00-${id}-${"0".repeat(16)}-01`,
        `00-${id}-${span}-0`,
      ]
    ) {
      assert.notStrictEqual(taken(wrong).traceId, id, wrong)
      assert.isUndefined(taken(wrong, "a=1").state)
    }
    assert.strictEqual(traceHeadersOf(taken(`00-${id}-${span}-01`, "a=1, b@c=2")).tracestate, "a=1,b@c=2")
    for (const wrong of ["a", "A=1", "a=1,a=2", "a=1;é", Array.from({ length: 33 }, (_, i) => `a${i}=1`).join()]) {
      assert.isUndefined(taken(`00-${id}-${span}-01`, wrong).state, wrong)
    }
  })

  it("D10: conditions compare as RFC 9110 13.1 says", () => {
    const judge = (headers: Record<string, string>, current: string | undefined) =>
      Result.isSuccess(met(conditionsOf(new Headers(headers)), current))
    assert.isTrue(judge({}, undefined))
    assert.isTrue(judge({ "if-match": "*" }, '"a"'))
    assert.isFalse(judge({ "if-match": "*" }, undefined))
    assert.isTrue(judge({ "if-match": '"b,c" ,, "a"' }, '"a"'))
    assert.isFalse(judge({ "if-match": 'W/"a"' }, '"a"'))
    assert.isFalse(judge({ "if-match": "a" }, '"a"'))
    assert.isTrue(judge({ "if-none-match": "*" }, undefined))
    assert.isFalse(judge({ "if-none-match": "*" }, '"a"'))
    assert.isFalse(judge({ "if-none-match": 'W/"a"' }, '"a"'))
    assert.strictEqual(readStatus(conditionsOf(new Headers({ "if-none-match": 'W/"a", "b"' })), '"a"'), 304)
    assert.strictEqual(readStatus(conditionsOf(new Headers({ "if-match": '"b"' })), '"a"'), 412)
    assert.isUndefined(readStatus(conditionsOf(new Headers({ "if-none-match": '"b"' })), '"a"'))
  })

  it("D11: text of others is one line, and moves no cursor", () => {
    assert.strictEqual(
      printable("x\n[00:00] ERROR\r\t\u001b[2J\u009b2J\u0085\u2028\u202e\ud800 é 😀"),
      "x\\n[00:00] ERROR\\r\\t\\u001b[2J\\u009b2J\\u0085\\u2028\\u202e\\ud800 é 😀",
    )
    const lines: Array<unknown> = []
    const log = console.log
    console.log = (...parts: ReadonlyArray<unknown>) => void lines.push(...parts)
    try {
      // in one turn: whatever else of this process logs is in no line of it
      Effect.runSync(
        Effect.logError("a\nb", new Error("c\nd")).pipe(
          Effect.annotateLogs({ by: "e\nf" }),
          Effect.provide(Logs.layer("catalog")),
        ),
      )
    } finally {
      console.log = log
    }
    assert.strictEqual(lines.length, 1)
    assert.notInclude(String(lines[0]), "\n")
    for (const part of ["a\\nb", "c\\nd", "by=e\\nf"]) assert.include(String(lines[0]), part)
  })
})
