/** What a hire's config must be to hold under its agent type's definition. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { marketingHealthcareDefinition as marketing } from "../src/agents/marketing_healthcare/Definition.ts"
import { tradingDeltaFuturesDefinition as trading } from "../src/agents/trading_delta_futures/Definition.ts"
import type { AgentTypeDefinition, Field } from "../src/Definition.ts"
import { configIssues, configSchema } from "../src/Definition/Validate.ts"

const marketingConfig = {
  nickname: "Asha",
  theme: "dark",
  primary_language: "en",
  timezone: "Asia/Kolkata",
  brand_name: "Sunrise Clinic",
  offerings_services: ["Dental check-ups"],
  location: "Pune",
  platforms_enabled: ["instagram", "x"],
  platform_credentials: { instagram: "cred/ig", x: "cred/x" },
}

const tradingConfig = {
  nickname: "Desk",
  theme: "light",
  timezone: "UTC",
  exchange_provider: "delta_exchange_india",
  credential_ref: "cred/delta",
  allowed_coins: ["BTC", " eth "],
  default_coin: "ETH",
  risk_limits: { max_units_per_order: 10 },
}

const lines = (issues: ReadonlyArray<{ readonly path: string; readonly message: string }>) =>
  issues.map(({ path, message }) => `${path} ${message}`)

const without = (value: object, ...keys: ReadonlyArray<string>) =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)))

describe("a config", () => {
  it("holds when it is whole", () => {
    assert.deepStrictEqual(configIssues(marketing, marketingConfig), [])
    assert.deepStrictEqual(configIssues(trading, tradingConfig), [])
    assert.isTrue(Schema.is(configSchema(trading))(tradingConfig))
  })

  it("names every required field that is missing", () => {
    assert.deepStrictEqual(
      configIssues(marketing, {}).map((issue) => issue.path),
      marketing.config_schema.fields.filter((field) => field.required).map((field) => `$.config.${field.key}`),
    )
    assert.isTrue(configIssues(marketing, {}).every((issue) => issue.message === "is required"))
  })

  it.each<[Record<string, unknown>, ReadonlyArray<string>]>([
    [{ nickname: "  " }, ["$.config.nickname must not be blank"]],
    [{ nickname: null }, ["$.config.nickname must be text"]],
    [{ theme: "pink" }, ["$.config.theme must be one of: default, dark, light"]],
    [{ primary_language: "EN" }, ["$.config.primary_language must be one of: en, hi"]],
    [{ timezone: "+05:30" }, [
      "$.config.timezone must be a time zone by name, such as Asia/Kolkata or UTC; an offset is none",
    ]],
    [{ timezone: "Mars/Base" }, [
      "$.config.timezone must be a time zone by name, such as Asia/Kolkata or UTC; an offset is none",
    ]],
    [{ offerings_services: [] }, ["$.config.offerings_services must have at least one item"]],
    [{ offerings_services: ["ok", " "] }, ["$.config.offerings_services[1] must not be blank"]],
    [{ offerings_services: "Dental" }, ["$.config.offerings_services must be a list"]],
    [{ platforms_enabled: ["x", "myspace"] }, [
      "$.config.platforms_enabled[1] must be one of: youtube, instagram, facebook, linkedin, whatsapp, x, twitter",
      "$.config.platform_credentials.myspace is required, since platforms_enabled has myspace",
    ]],
    [{ platform_credentials: { instagram: "ref" } }, [
      "$.config.platform_credentials.x is required, since platforms_enabled has x",
    ]],
    [{ platform_credentials: { instagram: " ", x: "ref" } }, [
      "$.config.platform_credentials.instagram is required, since platforms_enabled has instagram",
    ]],
    [{ platform_credentials: [] }, ["$.config.platform_credentials must be an object"]],
    [{ constraints: "none" }, ["$.config.constraints must be an object"]],
    [{ posting_identity: 7 }, ["$.config.posting_identity must be text"]],
    [{ colour: "red" }, [
      `$.config.colour no such field; known fields: ${marketing.config_schema.fields.map((f) => f.key).join(", ")}`,
    ]],
  ])("of marketing with %j is refused", (change, expected) => {
    assert.deepStrictEqual(lines(configIssues(marketing, { ...marketingConfig, ...change })), expected)
  })

  it.each<[Record<string, unknown>, ReadonlyArray<string>]>([
    [{ default_coin: "DOGE" }, ["$.config.default_coin must be one of allowed_coins: BTC,  eth "]],
    [{ allowed_coins: [] }, ["$.config.default_coin must be one of allowed_coins, which is empty"]],
    [{ risk_limits: {} }, ["$.config.risk_limits.max_units_per_order is required"]],
    [{ risk_limits: { max_units_per_order: 0 } }, ["$.config.risk_limits.max_units_per_order must be greater than 0"]],
    [{ risk_limits: { max_units_per_order: Infinity } }, [
      "$.config.risk_limits.max_units_per_order must be a finite number",
    ]],
    [{ risk_limits: { max_units_per_order: "10" } }, ["$.config.risk_limits.max_units_per_order must be a number"]],
    [{ risk_limits: { max_units_per_order: 1, max_units: 1 } }, [
      "$.config.risk_limits.max_units no such field; known fields: max_units_per_order, max_notional_inr",
    ]],
  ])("of trading with %j is refused", (change, expected) => {
    assert.deepStrictEqual(lines(configIssues(trading, { ...tradingConfig, ...change })), expected)
  })

  it("names faults of shape and of reference together", () => {
    assert.deepStrictEqual(
      configIssues(trading, without({ ...tradingConfig, default_coin: "DOGE" }, "nickname")).map((issue) => issue.path),
      ["$.config.nickname", "$.config.default_coin"],
    )
  })

  it("that is no object is one fault, whatever it is", () => {
    for (const value of [null, [], "x", 1, undefined]) {
      assert.deepStrictEqual(lines(configIssues(trading, value)), ["$.config must be an object"])
    }
  })

  it("does not take a key of every object for a field", () => {
    assert.include(
      configIssues(trading, JSON.parse(`{"__proto__": {"nickname": "x"}}`)).map((issue) => issue.path),
      "$.config.__proto__",
    )
  })

  it("has a zone in its timezone in every type", () => {
    const field = { key: "timezone", label: "Zone", type: "text", required: false } as const
    const definition = { config_schema: { fields: [field] } }
    assert.deepStrictEqual(configIssues(definition, {}), [])
    assert.strictEqual(configIssues(definition, { timezone: "here" }).length, 1)
  })

  it("may hold lists of objects", () => {
    const item: Field = { key: "name", label: "Name", type: "text", required: true }
    const definition = {
      config_schema: {
        fields: [{
          key: "doctors",
          label: "Doctors",
          type: "list",
          item_type: "object",
          required: true,
          fields: [item],
        }],
      },
    } satisfies Pick<AgentTypeDefinition, "config_schema">
    assert.deepStrictEqual(lines(configIssues(definition, { doctors: [{ name: "Rao" }, { nmae: "Sen" }] })), [
      "$.config.doctors[1].nmae no such field; known fields: name",
      "$.config.doctors[1].name is required",
    ])
  })
})
