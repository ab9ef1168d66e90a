/** A template's maker and what it must return: what can be published, and what a stored definition is read as all the same. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { derive } from "../src/Definition/Derive.ts"
import { AgentTypeDefinition, type Field, StoredDefinition } from "../src/Definition.ts"
import { issuesUnder } from "../src/FieldIssues.ts"
import { shippedDefinitions } from "../src/Shipped.ts"

const issues = issuesUnder(AgentTypeDefinition)
const [marketing, trading] = shippedDefinitions as unknown as [AgentTypeDefinition, AgentTypeDefinition]

const withMaker = (maker: unknown, more = {}, of = marketing) => ({
  ...of,
  goal_templates: [{ ...of.goal_templates[0], maker, ...more }, ...of.goal_templates.slice(1)],
})
const faultsOf = (maker: unknown, more = {}, of = marketing) =>
  issues(withMaker(maker, more, of)).map(({ message, path }) =>
    `${path.replace("$.goal_templates[0].", "")} ${message}`
  )

const model = { kind: "model", model: "writer", instructions: "Write kindly." }
const http = { kind: "http", url: "https://agents.example.com/make" }
const output = { fields: [{ key: "reply", label: "Reply", type: "text", required: true, max_length: 400 }] }

describe("a template's maker", () => {
  it("is a builtin, a model or a program, with what it must return", () => {
    assert.deepStrictEqual(faultsOf({ kind: "builtin" }), [])
    assert.deepStrictEqual(faultsOf({ ...model, max_tokens: 2000, timeout_seconds: 3600 }, { output }), [])
    assert.deepStrictEqual(faultsOf({ ...http, secret_ref: "agent", timeout_seconds: 1 }, { output }), [])
  })

  it.each<[string, unknown, object, ReadonlyArray<string>]>([
    ["no time", { ...model, timeout_seconds: 0 }, {}, ["maker.timeout_seconds must be a whole number, 1 to 3600"]],
    ["more than an hour", { ...http, timeout_seconds: 3601 }, {}, [
      "maker.timeout_seconds must be a whole number, 1 to 3600",
    ]],
    ["blank instructions", { ...model, instructions: " " }, {}, ["maker.instructions must not be blank"]],
    ["another protocol", { ...http, url: "ftp://agents.example.com/" }, {}, [
      "maker.url must be an absolute http or https URL",
    ]],
    ["a password", { ...http, url: "https://a:b@agents.example.com/" }, {}, [
      "maker.url must not hold a user name or a password",
    ]],
    ["an output of a builtin", { kind: "builtin" }, { output }, [
      "output only a template with a model or http maker can have output",
    ]],
    ["a length of a number", model, {
      output: { fields: [{ key: "n", label: "N", type: "number", required: true, max_length: 1 }] },
    }, ["output.fields[0].max_length only text or a list of text can have max_length"]],
  ])("refuses %s", (_, maker, more, expected) => {
    assert.deepStrictEqual(faultsOf(maker, more), expected)
  })

  it("of a deterministic type is a builtin: another is refused with its path, and read all the same where it is stored", () => {
    for (const maker of [model, http]) {
      assert.deepStrictEqual(faultsOf(maker, {}, trading), [
        "maker.kind must be builtin, since the type is deterministic: no model and no program of another may take part in its work",
      ])
      const planted = Schema.decodeUnknownSync(StoredDefinition)(withMaker(maker, {}, trading))
      assert.strictEqual(planted.goal_templates[0]!.maker?.kind, maker.kind)
    }
    assert.deepStrictEqual(faultsOf({ kind: "builtin" }, {}, trading), [])
  })
})

describe("max_length", () => {
  const field: Field = { key: "reply", label: "Reply", type: "text", required: true, max_length: 3 }
  const of = (one: Field) => issuesUnder(derive([one]))

  it("counts code points, of a text and of each item of a list", () => {
    assert.deepStrictEqual(of(field)({ reply: "😀😀😀" }), [])
    assert.deepStrictEqual(of(field)({ reply: "😀😀😀a" }), [{
      path: "$.reply",
      message: "must have at most 3 characters",
    }])
    const list: Field = { ...field, type: "list", item_type: "text" }
    assert.deepStrictEqual(of(list)({ reply: ["abc", "abcd"] }).map(({ path }) => path), ["$.reply[1]"])
  })
})
