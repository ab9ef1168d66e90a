/** The judge of the traces of makers (tests/system/makerTraces.test.ts) finds what is planted, wherever it stands. */
import { assert, describe, it } from "@effect/vitest"
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
