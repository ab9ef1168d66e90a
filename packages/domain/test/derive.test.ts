/** Schemas derived from a definition's fields: what they make, they accept; one fault is refused at its path. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { marketingHealthcareDefinition as marketing } from "../src/agents/marketing_healthcare/Definition.ts"
import { AgentTypeDefinition, type Field } from "../src/Definition.ts"
import { derive } from "../src/Definition/Derive.ts"
import { configIssues, settingsSchema } from "../src/Definition/Validate.ts"
import { issuesUnder } from "../src/FieldIssues.ts"

const without = (value: object, ...keys: ReadonlyArray<string>) =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)))

/** A small recipe of a field; `fieldOf` makes it a field that a definition takes. */
const Recipe = Schema.Struct({
  type: Schema.Literals(["text", "enum", "number", "boolean", "list", "object"]),
  item: Schema.Literals(["text", "enum", "number", "boolean", "object"]),
  required: Schema.Boolean,
  bound: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 })),
})

const fieldOf = (recipe: typeof Recipe.Type, index: number): Field => {
  const field = { key: `f${index}`, label: "F", type: recipe.type, required: recipe.required }
  const holds = recipe.type === "list" ? recipe.item : recipe.type
  return {
    ...field,
    ...recipe.type === "list" ? { item_type: recipe.item, min_items: recipe.bound } : {},
    ...holds === "enum" ? { options: ["a", "b", "c"].slice(0, Math.max(1, recipe.bound)) } : {},
    ...recipe.type === "number" ? { min_exclusive: recipe.bound } : {},
    ...holds === "object"
      ? { fields: [{ key: "inner", label: "I", type: "text", required: recipe.bound > 1 } as const] }
      : {},
  }
}

const fieldsArbitrary = Arbitrary.array(Arbitrary.schema(Recipe), { maxLength: 6 }).pipe(
  Arbitrary.map((recipes) => recipes.map(fieldOf)),
)

const configArbitrary = fieldsArbitrary.pipe(Arbitrary.flatMap((fields) =>
  Arbitrary.all({
    fields: Arbitrary.Constant(fields),
    config: Arbitrary.schema(derive(fields)),
    at: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))),
  })
))

/** No field type takes it. */
const nothing = { "": { not: Symbol.for("a value of JSON") } }

describe("a derived schema", () => {
  it.prop("stands for a definition that can be published", { fields: fieldsArbitrary }, ({ fields }) => {
    const definition = { ...marketing, config_schema: { fields } }
    assert.deepStrictEqual(issuesUnder(AgentTypeDefinition)(definition), [])
  })

  it.prop("accepts what its arbitrary makes", { made: configArbitrary }, ({ made: { config, fields } }) => {
    const definition = { config_schema: { fields } }
    assert.deepStrictEqual(configIssues(definition, config), [])
    assert.isTrue(Schema.is(settingsSchema(fields))(config))
  })

  it.prop("refuses one fault at its path", { made: configArbitrary }, ({ made: { at, config, fields } }) => {
    const field = fields[at]
    if (field === undefined) return
    const definition = { config_schema: { fields } }
    const path = `$.config.${field.key}`
    const wrong = configIssues(definition, { ...config, [field.key]: nothing }).map((issue) => issue.path)
    assert.isNotEmpty(wrong)
    assert.isTrue(wrong.every((found) => found.startsWith(path)))
    const missing = configIssues(definition, without(config, field.key)).map((issue) => issue.path)
    assert.deepStrictEqual(missing, field.required ? [path] : [])
    assert.deepStrictEqual(
      configIssues(definition, { ...config, stranger: 1 }).map((issue) => issue.path),
      ["$.config.stranger"],
    )
  })
})
