/** The judges of what is told, of the traces of makers and of `/mcp` (proof `hostile`), find what is planted, wherever it stands. */
import { assert, describe, it } from "@effect/vitest"
import { mcpFault } from "./proofs/hostile/Mcp.ts"
import { leaksIn } from "./support/Leaks.ts"

const secrets = {
  key: "sk-trace-51d9c0ffee",
  prompt: 'Write of "gentle" otters.\nNever of sharks.',
  answer: "Otters sleep on their backs",
}

/** What an exporter sends: a span and a line of the log, each with what is planted. */
const sent = (planted: { span?: object; resource?: object; record?: object } = {}) => [
  {
    resourceSpans: [{
      resource: { attributes: [{ key: "service.name", value: { stringValue: "deliverables" } }], ...planted.resource },
      scopeSpans: [{
        spans: [{
          name: "Model.call",
          attributes: [{ key: "stint.model", value: { stringValue: "quill" } }],
          ...planted.span,
        }],
      }],
    }],
  },
  { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "a making ended" }, ...planted.record }] }] }] },
]
const attribute = (stringValue: string) => ({ attributes: [{ key: "said", value: { stringValue } }] })

describe("leaks", () => {
  it("are none where nothing was planted", () => {
    assert.deepStrictEqual(leaksIn(sent(), secrets), [])
  })

  it.each<[string, Parameters<typeof sent>[0], string]>([
    ["the key in an attribute", { span: attribute(`Bearer ${secrets.key}`) }, "key"],
    // its quotes and its line's end are escaped in JSON
    ["the prompt in an attribute", { span: attribute(secrets.prompt) }, "prompt"],
    [
      "the prompt within JSON in an attribute",
      { span: attribute(JSON.stringify({ system: secrets.prompt })) },
      "prompt",
    ],
    ["the answer, cut short", { span: attribute(`${secrets.answer.slice(0, 15)}…`) }, "answer"],
    [
      "the answer in an event",
      { span: { events: [{ name: "exception", ...attribute(`at: ${secrets.answer}`) }] } },
      "answer",
    ],
    ["the key in the span's name", { span: { name: `POST ${secrets.key}` } }, "key"],
    ["the key in the status", { span: { status: { code: 2, message: secrets.key } } }, "key"],
    ["the key as the name of an attribute", { span: { attributes: [{ key: secrets.key, value: {} }] } }, "key"],
    ["the prompt in the resource", { resource: attribute(secrets.prompt) }, "prompt"],
    ["the answer in a line of the log", { record: { body: { stringValue: secrets.answer } } }, "answer"],
    ["the answer in an attribute of a line", { record: attribute(secrets.answer) }, "answer"],
  ])("are found: %s", (_, planted, name) => {
    const found = leaksIn(sent(planted), secrets)
    assert.lengthOf(found, 1)
    assert.match(found[0]!, new RegExp(`^${name} at \\$\\.[01]\\.resource`))
  })
})

describe("an answer of /mcp", () => {
  const fault = (text: string, status = 200) => mcpFault({ status, text }, ["victim-credential", "eyJ-token"])

  it("may refuse, also with what was asked for", () => {
    const refusals = [
      [404, '{"code":"not_found","detail":"There is no such session; begin another"}'],
      [400, '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"JSON-RPC batches are not supported"}}'],
      [200, '{"result":{"content":[{"type":"text","text":"404 deliverable_not_found: DEL-victim; select a draft"}]}}'],
      [200, '{"result":{"structuredContent":{"next_cursor":"eyJjcmVhdGVkX2F0Ijo5fQ"}}}'],
      // no frame of a stack: a time of day, and an instant after it
      [200, String.raw`{"text":"{\"rule_in_words\":\"daily at 09:00 UTC\",\"at\":\"2026-12-01T09:00:00Z\"}"}`],
    ] as const
    for (const [status, text] of refusals) assert.isUndefined(fault(text, status), text)
  })

  it.each([
    ["answered 500", "{}", 500],
    ["told of an internal error", '{"error":{"code": -32603,"message":"Internal error"}}', 200],
    ["leaked victim-credential", '{"credential_ref":"victim-credential"}', 200],
    ["leaked at Object.run (file:///srv/App.ts:12:3", "Error: x\n    at Object.run (file:///srv/App.ts:12:3)", 400],
    ["leaked select * from", 'SqlState 42601 in "select * from approvals"', 400],
    ["leaked postgres://", "connect postgres://stint:pw@db failed", 400],
  ])("is a fault when it %s", (said, text, status) => {
    assert.strictEqual(fault(text, status), said)
  })
})
