import { assert, describe, it } from "@effect/vitest"
import { AgentTypeDefinition, compareVersions } from "../src/Definition.ts"
import { issuesUnder } from "../src/FieldIssues.ts"
import { modelDefinitions, shippedDefinitions } from "../src/Shipped.ts"

const issues = issuesUnder(AgentTypeDefinition)
const [marketing, trading] = shippedDefinitions as unknown as [AgentTypeDefinition, AgentTypeDefinition]

/** The paths of the faults of a definition whose only config fields are these. */
const faultsOf = (...fields: ReadonlyArray<Record<string, unknown>>) =>
  issues({
    ...marketing,
    config_schema: { fields: fields.map((field) => ({ label: "A field", required: true, type: "text", ...field })) },
  }).map(({ path, message }) => `${path.replace("$.config_schema.fields", "")} ${message}`)

describe("a definition", () => {
  it("ships as domain.md's tables say", () => {
    for (const definition of [...shippedDefinitions, ...modelDefinitions]) {
      assert.deepStrictEqual(issues(definition), [])
    }
    assert.deepStrictEqual(
      marketing.config_schema.fields.map((field) => `${field.key}${field.required ? "" : "?"}:${field.type}`),
      [
        "nickname:text",
        "theme:enum",
        "primary_language:enum",
        "timezone:text",
        "brand_name:text",
        "offerings_services:list",
        "location:text",
        "platforms_enabled:list",
        "platform_credentials:object",
        "posting_identity?:text",
        "constraints?:object",
      ],
    )
    assert.deepStrictEqual(
      trading.config_schema.fields.map((field) => field.key),
      [
        "nickname",
        "theme",
        "timezone",
        "exchange_provider",
        "credential_ref",
        "allowed_coins",
        "default_coin",
        "risk_limits",
      ],
    )
    assert.isTrue(trading.config_schema.fields.every((field) => field.required))
    assert.deepStrictEqual(
      [...marketing.goal_templates, ...trading.goal_templates].map((template) => template.default_frequency),
      ["weekly", "daily", "monthly", "on_demand", "daily", "daily"],
    )
  })

  it.each<[string, ReadonlyArray<Record<string, unknown>>, ReadonlyArray<string>]>([
    ["a key twice", [{ key: "a" }, { key: "b" }, { key: "a" }], ["[2].key repeats a; keys are unique"]],
    ["an enum without options", [{ key: "a", type: "enum" }], ["[0].options is required for an enum"]],
    ["an enum with no option", [{ key: "a", type: "enum", options: [] }], ["[0].options is required for an enum"]],
    ["an option twice", [{ key: "a", type: "enum", options: ["x", "y", "x"] }], ["[0].options[2] repeats x"]],
    ["options of text", [{ key: "a", options: ["x"] }], [
      "[0].options only an enum or a list of enum can have options",
    ]],
    ["a list of nothing", [{ key: "a", type: "list" }], ["[0].item_type is required for a list"]],
    ["a list of enum without options", [{ key: "a", type: "list", item_type: "enum" }], [
      "[0].options is required for an enum",
    ]],
    ["an item type that is none", [{ key: "a", type: "list", item_type: "date" }], [
      "[0].item_type must be one of: text, enum, list, object, boolean, number",
    ]],
    ["min_items of text", [{ key: "a", min_items: 1 }], ["[0].min_items only a list can have min_items"]],
    ["min_exclusive of text", [{ key: "a", min_exclusive: 0 }], [
      "[0].min_exclusive only a number can have min_exclusive",
    ]],
    ["a format of a number", [{ key: "a", type: "number", format: "local_time" }], [
      "[0].format only text can have format",
    ]],
    ["fields of text", [{ key: "a", fields: [] }], ["[0].fields only an object or a list of objects can have fields"]],
    ["one_of_field of nothing", [{ key: "a", one_of_field: "b" }], [
      "[0].one_of_field must name a list beside this field; there is no list b",
    ]],
    ["one_of_field of text", [{ key: "a", one_of_field: "b" }, { key: "b" }], [
      "[0].one_of_field must name a list beside this field; there is no list b",
    ]],
    [
      "one_of_field of other items",
      [{ key: "a", one_of_field: "b" }, { key: "b", type: "list", item_type: "number" }],
      [
        "[0].one_of_field the items of b are of another type",
      ],
    ],
    ["keys_of_field of text", [{ key: "a", keys_of_field: "b" }, { key: "b", type: "list", item_type: "text" }], [
      "[0].keys_of_field only an object can have keys_of_field",
    ]],
    ["a secret's key", [{ key: "delta_api_key" }], [
      "[0].key names a secret; secrets never enter config or settings, ask for a reference (*_ref)",
    ]],
    ["a reserved key", [{ key: "execution" }], ["[0].key execution is reserved: it is a setting of every hire"]],
    ["a key of every object", [{ key: "constructor" }], ["[0].key is a reserved word; choose another key"]],
    ["a key that is no name", [{ key: "__proto__" }], [
      "[0].key must be 1 to 64 of A-Z a-z 0-9 _ -, beginning with a letter",
    ]],
    ["a zone that is a number", [{ key: "timezone", type: "number" }], [
      "[0].type timezone is the zone that goals run in: text or an enum",
    ]],
    ["a zone that is none", [{ key: "timezone", type: "enum", options: ["UTC", "Mars/Base"] }], [
      "[0].options[1] must be a time zone, since goals run in it",
    ]],
    ["an unknown part", [{ key: "a", requierd: true }], ["[0].requierd no such field"]],
    [
      "a nested fault",
      [{ key: "a", type: "object", fields: [{ key: "b", label: "B", required: true, type: "enum" }] }],
      [
        "[0].fields[0].options is required for an enum",
      ],
    ],
  ])("refuses %s", (_, fields, expected) => {
    assert.deepStrictEqual(faultsOf(...fields), expected)
  })

  it("names all faults at once", () => {
    const found = issues({
      agent_type_id: "no spaces",
      version: "v1",
      config_schema: { fields: [{ key: "password", label: " ", type: "text", required: true }] },
      goal_templates: [
        { ...marketing.goal_templates[0], default_frequency: "hourly" },
        { ...marketing.goal_templates[1], settings_schema: { fields: [{ key: "x", type: "enum" }] } },
      ],
      enforcement_defaults: { approval_required: "yes" },
    })
    assert.includeMembers(found.map((issue) => issue.path), [
      "$.agent_type_id",
      "$.version",
      "$.config_schema.fields[0].label",
      "$.goal_templates[0].default_frequency",
      "$.goal_templates[1].settings_schema.fields[0].label",
      "$.goal_templates[1].settings_schema.fields[0].required",
      "$.enforcement_defaults.approval_required",
      "$.enforcement_defaults.deterministic",
    ])
  })

  it("refuses a template twice, and schedule as a setting", () => {
    const template = marketing.goal_templates[0]!
    const schedule = { key: "schedule", label: "When", type: "text", required: false }
    assert.deepStrictEqual(
      issues({
        ...marketing,
        goal_templates: [template, { ...template, settings_schema: { fields: [schedule] } }],
      }).map((issue) => issue.path),
      ["$.goal_templates[1].goal_template_id", "$.goal_templates[1].settings_schema.fields[0].key"],
    )
  })

  it("has sane limits", () => {
    const nested = (depth: number): unknown => [
      depth === 1
        ? { key: "a", label: "A", type: "text", required: true }
        : { key: "a", label: "A", type: "object", required: true, fields: nested(depth - 1) },
    ]
    const withFields = (fields: unknown) => issues({ ...marketing, config_schema: { fields } })
    assert.deepStrictEqual(withFields(nested(8)), [])
    assert.deepStrictEqual(withFields(nested(9)), [
      { path: "$.config_schema.fields", message: "must be at most 8 levels deep" },
    ])
  })
})

describe("compareVersions", () => {
  it("is semver's precedence", () => {
    const ascending = [
      "0.9.0",
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
      "1.2.0",
      "1.10.0",
      "2.0.0",
    ]
    assert.deepStrictEqual([...ascending].reverse().sort(compareVersions), ascending)
    assert.strictEqual(compareVersions("1.0.0+a", "1.0.0+b"), 0)
  })
})
