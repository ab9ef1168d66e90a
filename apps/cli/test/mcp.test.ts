/** `stint mcp` with a front door that the test plays; apps/gateway/test/mcp.stdio.test.ts has real ones and a real client. */
import { assert, describe, it } from "vitest"
import { messagesIn, routingHeaders } from "../src/commands/mcp/Messages.ts"
import { invoke } from "./support/invoke.ts"

const message = (id: number, method: string, params: unknown = {}) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params })

const result = (id: number) => Response.json({ jsonrpc: "2.0", id, result: { ok: true } })

const linesOf = (out: string) => out.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line))

describe("stint mcp", () => {
  it("passes messages on with the token and the session, and notifications without an answer", async () => {
    const sent: Array<readonly [string, string | null, string | null]> = []
    const { err, out, status } = await invoke(["mcp"], {
      stdin: [
        message(1, "initialize"),
        JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }),
        message(2, "tools/list"),
      ].join("\n"),
      fetch: async (url, init) => {
        const { id, method } = JSON.parse(String(init!.body))
        const headers = new Headers(init!.headers)
        sent.push([`${url} ${method}`, headers.get("mcp-session-id"), headers.get("authorization")!.slice(0, 7)])
        if (id === undefined) return new Response(null, { status: 202 })
        const response = await result(id)
        if (id === 1) response.headers.set("mcp-session-id", "S-1")
        return response
      },
    })
    assert.deepStrictEqual([status, err], [0, ""])
    assert.deepStrictEqual(linesOf(out).map(({ id }) => id), [1, 2])
    assert.deepStrictEqual(sent, [
      ["http://stint.test/mcp initialize", null, "Bearer "],
      ["http://stint.test/mcp notifications/initialized", "S-1", "Bearer "],
      ["http://stint.test/mcp tools/list", "S-1", "Bearer "],
    ])
  })

  it("begins the session again when the front door has forgotten it", async () => {
    let begun = 0
    const { out, status } = await invoke(["mcp"], {
      stdin: [message(1, "initialize"), message(2, "tools/list")].join("\n"),
      fetch: (_, init) => {
        const { id, method } = JSON.parse(String(init!.body))
        if (method === "initialize") {
          const response = result(id)
          response.headers.set("mcp-session-id", `S-${++begun}`)
          return Promise.resolve(response)
        }
        const known = new Headers(init!.headers).get("mcp-session-id") === "S-2"
        if (method.startsWith("notifications/")) return Promise.resolve(new Response(null, { status: 202 }))
        return Promise.resolve(known ? result(id) : Response.json({ title: "There is nothing here" }, { status: 404 }))
      },
    })
    assert.strictEqual(status, 0)
    assert.deepStrictEqual(linesOf(out).map(({ id, result }) => [id, result.ok]), [[1, true], [2, true]])
    assert.strictEqual(begun, 2)
  })

  it("answers for a front door that refuses or is away, and goes on", async () => {
    let asked = 0
    const { err, out, status } = await invoke(["mcp"], {
      stdin: [message(1, "tools/list"), "no message", message(2, "tools/list")].join("\n"),
      fetch: (_, init) => {
        asked++
        if (String(init!.body).includes('"id":1')) {
          return Promise.resolve(Response.json({ title: "Sign in", detail: "the token has expired" }, { status: 401 }))
        }
        return Promise.reject(new TypeError("connection refused"))
      },
    })
    assert.strictEqual(status, 0)
    const answers = linesOf(out)
    assert.deepStrictEqual(answers.map(({ id }) => id).sort(), [1, 2])
    assert.include(answers.find(({ id }) => id === 1).error.message, "401: Sign in: the token has expired")
    assert.include(answers.find(({ id }) => id === 2).error.message, "Nothing answers at http://stint.test/mcp")
    assert.include(err, "Nothing answers")
    assert.strictEqual(asked, 3)
  })

  it("takes no other flag, and needs a token for an address that is not this machine's", async () => {
    const unknown = await invoke(["mcp", "--json"])
    assert.strictEqual(unknown.status, 2)
    const none = await invoke(["mcp"], { env: { STINT_URL: "https://stint.example.com", XDG_CONFIG_HOME: "/nowhere" } })
    assert.strictEqual(none.status, 2)
    assert.match(none.err, /No token for https:\/\/stint\.example\.com/)
  })
})

describe("a message over HTTP", () => {
  it("has its routing in headers where its protocol has no sessions", () => {
    const _meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" }
    assert.deepStrictEqual(routingHeaders({ method: "tools/call", params: { name: "explain", _meta } }), {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "explain",
    })
    assert.deepStrictEqual(
      routingHeaders({ method: "tools/call", params: { name: "é", _meta } })["mcp-name"],
      "=?base64?w6k=?=",
    )
    assert.deepStrictEqual(routingHeaders({ method: "tools/call", params: { name: "explain" } }), {})
  })

  it("comes back as one, or as events", () => {
    assert.deepStrictEqual(messagesIn("application/json", '{\n"id": 1}'), ['{"id":1}'])
    assert.deepStrictEqual(messagesIn("application/json", ""), [])
    assert.deepStrictEqual(messagesIn("text/event-stream", 'data: {"id": 1}\n\n: ping\n\ndata: {"id":\ndata: 2}\n\n'), [
      '{"id":1}',
      '{"id":2}',
    ])
  })
})
