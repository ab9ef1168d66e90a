/** The file of models, and money that never rounds. */
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { AgentTypeDefinition } from "../src/Definition.ts"
import { budgetOf } from "../src/Definition/HireSettings.ts"
import { hireSettingsIssues } from "../src/Definition/HireSettingsFaults.ts"
import { baseUrlsOf } from "../src/HostList.ts"
import { costOf, type Model, parseModels } from "../src/Models.ts"
import { modelDefinitions, shippedDefinitions, shippedWith } from "../src/Shipped.ts"
import { amountText, millionthsOf } from "../src/Money.ts"

const model: Model = {
  provider: "openai-compatible",
  base_url: "https://api.example.com/v1",
  model: "writer-large",
  secret_ref: "example",
  price_per_million_in: 2.5,
  price_per_million_out: 10,
}
const fileOf = (given: object) => JSON.stringify({ writer: { ...model, ...given } })

describe("an amount", () => {
  it.each<[number, number | undefined]>([
    [0, 0],
    [0.1, 100_000],
    [0.000001, 1],
    [12.5, 12_500_000],
    [1_000_000_000, 1_000_000_000_000_000],
    [0.0000001, undefined],
    [1.0000001, undefined],
    [-1, undefined],
    [NaN, undefined],
    [Infinity, undefined],
    [1_000_000_000.5, undefined],
    [1e21, undefined],
  ])("%d has %s millionths", (amount, millionths) => {
    assert.strictEqual(millionthsOf(amount), millionths)
  })

  it.prop("is the same after it was counted and written again", {
    millionths: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000_000_000_000 })),
  }, ({ millionths }) => {
    assert.strictEqual(millionthsOf(Number(amountText(millionths))), millionths)
  })
})

describe("what tokens cost", () => {
  it("is rounded up to a whole millionth, exactly, also where the product is beyond what a number holds", () => {
    assert.strictEqual(costOf(model, { in: 0, out: 0 }), 0)
    assert.strictEqual(costOf(model, { in: 1, out: 0 }), 3)
    assert.strictEqual(costOf(model, { in: 2, out: 1 }), 15)
    const dear = { ...model, price_per_million_in: 1_000_000, price_per_million_out: 999_999.999999 }
    assert.strictEqual(costOf(dear, { in: 1_000_000_000, out: 1 }), 1_000_000_001_000_000)
  })
})

describe("the file of models", () => {
  it("is read by alias", () => {
    const models = Result.getOrThrow(parseModels(`\uFEFF${fileOf({ max_concurrency: 2 })}`))
    assert.deepStrictEqual([...models], [["writer", { ...model, max_concurrency: 2 }]])
    assert.strictEqual(Result.getOrThrow(parseModels("{}")).size, 0)
  })

  it.each<[string, string]>([
    ["{", "is not JSON"],
    ["[]", "has at $: must be an object of models by alias"],
    [fileOf({ provider: "openai" }), "has at $.writer.provider: must be one of: openai-compatible, anthropic"],
    [fileOf({ base_url: "ftp://x" }), "has at $.writer.base_url: must be a url like"],
    [fileOf({ base_url: "https://user:hunter2@x/v1" }), "has at $.writer.base_url: must be a url like"],
    [fileOf({ base_url: "https://x/v1?key=hunter2" }), "has at $.writer.base_url: must not have a query"],
    [fileOf({ price_per_million_in: 0.0000001 }), "has at $.writer.price_per_million_in: must be 0 to"],
    [fileOf({ price_per_million_out: undefined }), "has at $.writer.price_per_million_out: is required"],
    [fileOf({ max_concurrency: 0 }), "has at $.writer.max_concurrency: must be a whole number, 1 to 10000"],
    [fileOf({ api_key: "hunter2" }), "has at $.writer.api_key: no such field"],
    [JSON.stringify({ "a b": model }), "has at $"],
  ])("%s is refused with its path, and nothing of it is quoted", (text, why) => {
    const refused = Result.getOrThrow(Result.flip(parseModels(text)))
    assert.isTrue(refused.startsWith(why), refused)
    assert.notInclude(refused, "hunter2")
  })

  it("gives the launcher its urls; one that can't be read gives none", () => {
    assert.deepStrictEqual(baseUrlsOf(fileOf({})).map(String), ["https://api.example.com/v1"])
    for (const text of ["{", "null", "[1]", fileOf({ base_url: 7 })]) assert.deepStrictEqual(baseUrlsOf(text), [])
  })
})

describe("the budget of a hire", () => {
  it.each<[unknown, ReadonlyArray<string>]>([
    [{}, []],
    [{ max_cost_per_month: 12.5, max_tokens_per_run: 20_000 }, []],
    [{ max_cost_per_month: 0 }, []],
    [{ max_cost_per_month: -1 }, ["$.settings.budget.max_cost_per_month"]],
    [{ max_cost_per_month: "12" }, ["$.settings.budget.max_cost_per_month"]],
    [{ max_cost_per_month: 0.0000001 }, ["$.settings.budget.max_cost_per_month"]],
    [{ max_tokens_per_run: 0 }, ["$.settings.budget.max_tokens_per_run"]],
    [{ max_tokens_per_run: 1.5 }, ["$.settings.budget.max_tokens_per_run"]],
    [{ max_cost_per_day: 1 }, ["$.settings.budget.max_cost_per_day"]],
    [[], ["$.settings.budget"]],
  ])("%j", (budget, paths) => {
    assert.deepStrictEqual(hireSettingsIssues({ budget }, [], "acme").map(({ path }) => path), paths)
  })

  it("is counted in millionths; one that can't be read allows nothing", () => {
    assert.deepStrictEqual(budgetOf({ budget: { max_cost_per_month: 0.1 } }), { cost: 100_000, tokens: null })
    assert.deepStrictEqual(budgetOf({ budget: { max_tokens_per_run: 9 } }), { cost: null, tokens: 9 })
    assert.deepStrictEqual(budgetOf({}), { cost: null, tokens: null })
    assert.deepStrictEqual(budgetOf({ budget: { max_cost_per_month: "much" } }), { cost: 0, tokens: 0 })
  })
})

describe("a shipped type whose drafts a model writes", () => {
  it("can be published, and is where its models are", () => {
    for (const definition of modelDefinitions) {
      const encoded = Schema.encodeSync(AgentTypeDefinition)(definition)
      assert.deepStrictEqual(Schema.decodeUnknownSync(AgentTypeDefinition)(encoded), definition)
    }
    assert.deepStrictEqual(shippedWith(new Map()), shippedDefinitions)
    assert.deepStrictEqual(shippedWith(new Map([["painter", 1]])), shippedDefinitions)
    assert.deepStrictEqual(shippedWith(new Map([["writer", 1]])), [...shippedDefinitions, ...modelDefinitions])
  })
})
