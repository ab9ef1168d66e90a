import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { marketingHealthcareDefinition as marketing } from "../src/agents/marketing_healthcare/Definition.ts"
import { tradingDeltaFuturesDefinition as trading } from "../src/agents/trading_delta_futures/Definition.ts"
import { AgentTypeDefinition, type Field, type Frequency } from "../src/Definition.ts"
import { derive } from "../src/Definition/Derive.ts"
import { hireSettingsIssues } from "../src/Definition/HireSettings.ts"
import { configIssues, configSchema, settingsIssues, settingsSchema } from "../src/Definition/Validate.ts"
import { issuesUnder } from "../src/FieldIssues.ts"

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

describe("a goal's settings", () => {
  const weekly = "marketing.weekly_multichannel_batch.v1"
  const intent = "trading.trade_intent_draft.v1"
  const reminder = "trading.close_position_reminder.v1"
  const report = "trading.guardrail_report.v1"

  it.each<[AgentTypeDefinition, string, Frequency, unknown, ReadonlyArray<string>]>([
    [marketing, weekly, "weekly", {}, []],
    [marketing, weekly, "weekly", { topics: ["Sleep"], posts_per_platform: 2, schedule: { weekday: "friday" } }, []],
    [marketing, weekly, "daily", { schedule: { at: "07:30", timezone: "Asia/Kolkata", spread_seconds: 60 } }, []],
    [marketing, weekly, "on_demand", { schedule: { overlap: "skip" } }, []],
    [marketing, weekly, "weekly", { topics: "Sleep" }, ["$.settings.topics must be a list"]],
    [marketing, weekly, "weekly", { topic: "Sleep" }, [
      "$.settings.topic no such field; known fields: topics, posts_per_platform, schedule",
    ]],
    [marketing, weekly, "daily", { schedule: { weekday: "friday" } }, [
      "$.settings.schedule.weekday is for weekly goals; this one is daily",
    ]],
    [marketing, weekly, "on_demand", { schedule: { at: "10:00", cron: "* * * * *" } }, [
      "$.settings.schedule.at is for daily, weekly, monthly goals; this one is on_demand",
      "$.settings.schedule.cron is for cron goals; this one is on_demand",
    ]],
    [marketing, weekly, "cron", {}, [
      "$.settings.schedule.cron is required for a cron goal, five fields such as 0 9 * * 1-5",
    ]],
    [marketing, weekly, "cron", { schedule: { cron: "0 9 * * 1-5" } }, []],
    [trading, intent, "on_demand", { coin: "btc", side: "buy", units: -3 }, []],
    [trading, intent, "on_demand", { coin: "btc", side: "hold" }, [
      "$.settings.side must be one of: buy, sell",
      "$.settings.units is required",
    ]],
    [trading, reminder, "daily", { window_local_time: "24:00" }, [
      "$.settings.window_local_time must be a time of day HH:MM, 00:00 to 23:59",
    ]],
    [trading, report, "daily", { x: 1 }, ["$.settings.x no such field; known fields: schedule"]],
    [trading, "trading.nothing.v1", "daily", {}, [
      `$.goal_template_id must be a template of trading.delta_futures.v1: ${intent}, ${reminder}, ${report}`,
    ]],
  ])("%#", (definition, template, frequency, settings, expected) => {
    assert.deepStrictEqual(lines(settingsIssues(definition, template, frequency, settings)), expected)
  })

  it("names a cron rule that is none, or that never fires", () => {
    for (const cron of ["* * * *", "61 * * * *", "0 0 30 2 *"]) {
      const found = settingsIssues(marketing, weekly, "cron", { schedule: { cron } })
      assert.deepStrictEqual(found.map((issue) => issue.path), ["$.settings.schedule.cron"])
    }
  })

  it("names a wrong schedule under its path", () => {
    assert.deepStrictEqual(
      settingsIssues(marketing, weekly, "weekly", { schedule: { at: "9", weekday: "Friday", when: 1 } }).map((i) =>
        i.path
      )
        .sort(),
      ["$.settings.schedule.at", "$.settings.schedule.weekday", "$.settings.schedule.when"],
    )
  })
})

describe("a hire's settings", () => {
  const hosts = ["hooks.example.com", "127.0.0.1:9000", "[::1]:9001"]
  const webhook = (url: string) => ({ execution: { target: "webhook", url, secret_ref: "hook" } })

  it.each<[unknown, ReadonlyArray<string>]>([
    [{}, []],
    [{ execution: {} }, []],
    [{ execution: { target: "journal" } }, []],
    [webhook("https://hooks.example.com/in?x=1"), []],
    [webhook("https://HOOKS.example.com:8443/in"), []],
    [webhook("http://127.0.0.1:9000/hook"), []],
    [webhook("http://[::1]:9001/hook"), []],
    [webhook("http://127.0.0.1:9001/hook"), [
      "$.settings.execution.url the host 127.0.0.1:9001 is not in STINT_WEBHOOK_HOSTS; ask the operator to add it",
    ]],
    [webhook("http://127.0.0.1/hook"), [
      "$.settings.execution.url the host 127.0.0.1 is not in STINT_WEBHOOK_HOSTS; ask the operator to add it",
    ]],
    [webhook("https://hooks.example.com.evil.net/"), [
      "$.settings.execution.url the host hooks.example.com.evil.net is not in STINT_WEBHOOK_HOSTS; ask the operator to add it",
    ]],
    [webhook("https://hooks.example.com@evil.net/"), [
      "$.settings.execution.url must not hold a user name or a password",
    ]],
    [webhook("ftp://hooks.example.com/"), ["$.settings.execution.url must be an absolute http or https URL"]],
    [webhook("/in"), ["$.settings.execution.url must be an absolute http or https URL"]],
    [{ execution: { target: "webhook" } }, [
      "$.settings.execution.url is required for a webhook",
      "$.settings.execution.secret_ref is required for a webhook",
    ]],
    [{ execution: { url: "https://hooks.example.com/" } }, [
      "$.settings.execution.url is for a webhook; set target to webhook, or leave it out",
    ]],
    [{ execution: { target: "mail" } }, ["$.settings.execution.target must be one of: journal, webhook"]],
    [{ colour: 1 }, ["$.settings.colour no such setting; known settings: execution"]],
    [[], ["$.settings must be an object"]],
  ])("%j", (settings, expected) => {
    assert.deepStrictEqual(lines(hireSettingsIssues(settings, hosts)), expected)
  })

  it("allow no webhook where no host is named", () => {
    assert.strictEqual(hireSettingsIssues(webhook("http://127.0.0.1:9000/"), []).length, 1)
  })
})

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
