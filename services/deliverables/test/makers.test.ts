import { assert, describe, it } from "@effect/vitest"
import { marketingHealthcareDefinition as marketing } from "@stint/domain/agents/marketing_healthcare/Definition"
import {
  type MarketingDraftBatch,
  platformLimits,
  platforms,
  titleLimit,
} from "@stint/domain/agents/marketing_healthcare/Payload"
import { tradingDeltaFuturesDefinition as trading } from "@stint/domain/agents/trading_delta_futures/Definition"
import type { TradingIntentPlan } from "@stint/domain/agents/trading_delta_futures/Payload"
import { canonicalJson } from "@stint/domain/Canonical"
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import { isActing } from "@stint/domain/Draft"
import { issuesUnder } from "@stint/domain/FieldIssues"
import { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { DraftPayload, intentAction, validationErrors } from "@stint/domain/Payload"
import type { JsonObject } from "@stint/domain/Protocol"
import { shippedDefinitions } from "@stint/domain/Shipped"
import { Schema } from "effect"
import { make } from "../src/Makers.ts"
import { codePoints, fit } from "../src/Makers/Fit.ts"

const day = 86_400_000
const slot = 1_763_372_400_000

const draft = (
  definition: AgentTypeDefinition,
  goal_template_id: string,
  config: JsonObject,
  settings: JsonObject = {},
  at = slot,
) =>
  make({
    definition,
    hire: { hired_instance_id: HiredInstanceId.make("HAI-1"), config },
    goal: { goal_instance_id: GoalInstanceId.make("GOI-1"), goal_template_id, settings },
    slot: at,
  })

const marketingConfig = {
  nickname: "Asha",
  theme: "dark",
  primary_language: "en",
  timezone: "Asia/Kolkata",
  brand_name: "Sunrise Clinic",
  offerings_services: ["dental check-ups", "root canal care"],
  location: "Pune",
  platforms_enabled: ["x", "instagram", "youtube"],
  platform_credentials: { x: "cred/x", instagram: "cred/ig", youtube: "cred/yt" },
}

const weekly = "marketing.weekly_multichannel_batch.v1"

const batch = (config: JsonObject, settings: JsonObject = {}, at = slot, template = weekly) =>
  draft(marketing, template, config, settings, at).payload as MarketingDraftBatch

describe("marketing batches", () => {
  it("are for the enabled platforms alone, in the order of the field's options", () => {
    const { variants } = batch(marketingConfig, { posts_per_platform: 2 })
    assert.deepStrictEqual(
      variants.map((variant) => variant.platform),
      ["youtube", "youtube", "instagram", "instagram", "x", "x"],
    )
    assert.deepStrictEqual(batch({ ...marketingConfig, platforms_enabled: [] }).variants, [])
  })

  it.each<[unknown, number]>([[undefined, 1], [1, 1], [3, 3], [3.9, 3], [10, 10], [11, 10], [1e300, 10], [0, 1], [
    -5,
    1,
  ]])(
    "posts_per_platform %s makes %i each",
    (asked, made) => {
      const settings: JsonObject = asked === undefined ? {} : { posts_per_platform: asked as number }
      assert.strictEqual(batch({ ...marketingConfig, platforms_enabled: ["linkedin"] }, settings).variants.length, made)
    },
  )

  it("take their theme from topics, topic or theme, else from the template", () => {
    assert.strictEqual(batch(marketingConfig, { topics: ["Sleep", "Food"] }).theme, "Sleep")
    assert.strictEqual(batch(marketingConfig, { topic: "Sleep" }, slot, "marketing.daily_micro_post.v1").theme, "Sleep")
    assert.strictEqual(
      batch(marketingConfig, { theme: "Heart" }, slot, "marketing.monthly_campaign_pack.v1").theme,
      "Heart",
    )
    assert.strictEqual(batch(marketingConfig, { topic: " " }).theme, "Weekly multichannel posting batch")
    assert.strictEqual(batch(marketingConfig, { topics: [] }).theme, "Weekly multichannel posting batch")
  })

  it("weave brand, place and topic in", () => {
    const { brand_name, variants } = batch(marketingConfig, { topics: ["sleep"] })
    assert.strictEqual(brand_name, "Sunrise Clinic")
    for (const { text } of variants) {
      assert.include(text, "Sunrise Clinic")
      assert.include(text.toLowerCase(), "sleep")
    }
    assert.include(variants.map((variant) => variant.text).join(), "Pune")
  })

  it("never say the same thing twice", () => {
    const { variants } = batch({ ...marketingConfig, platforms_enabled: [...platforms] }, { posts_per_platform: 10 })
    assert.strictEqual(new Set(variants.map((variant) => `${variant.platform} ${variant.text}`)).size, 70)
    const texts = (at: number) => batch(marketingConfig, {}, at).variants.map((variant) => variant.text)
    assert.notDeepEqual(texts(slot), texts(slot + 7 * day))
  })

  it("are in Hindi where the hire is", () => {
    for (
      const { text, title } of batch({ ...marketingConfig, primary_language: "hi" }, { topics: ["sleep"] }).variants
    ) {
      assert.match(text, /[\u0900-\u097f]/)
      if (title !== undefined) assert.match(title, /[\u0900-\u097f]/)
    }
  })

  it("promise nothing", () => {
    for (let week = 0; week < 10; week++) {
      const config = { ...marketingConfig, platforms_enabled: [...platforms] }
      for (const { text } of batch(config, { posts_per_platform: 10 }, slot + week * day).variants) {
        assert.notMatch(text, /\b(cure|guarantee|painless|miracle|100 ?%|best)/i)
      }
    }
  })

  it("suggest as many local times as there are posts a platform, ascending", () => {
    const { suggested_schedule_local } = batch(marketingConfig, { posts_per_platform: 3 })
    assert.strictEqual(suggested_schedule_local.length, 3)
    assert.deepStrictEqual([...suggested_schedule_local].sort(), suggested_schedule_local)
  })

  const within = ({ variants }: MarketingDraftBatch) => {
    for (const { hashtags, platform, text, title = "" } of variants) {
      const joined = [text, ...hashtags].join("\n\n")
      assert.isAtMost(codePoints(joined) + codePoints(title), platformLimits[platform])
      assert.isAtMost(codePoints(title), titleLimit)
      assert.isTrue(joined.isWellFormed() && title.isWellFormed())
      assert.isNotEmpty(text)
    }
  }

  it.prop("always keep to the limits, whatever the words are", {
    words: Schema.Struct({
      brand: Schema.String,
      location: Schema.String,
      service: Schema.String,
      topic: Schema.String,
      by: Schema.String,
      times: Schema.Literals([1, 7, 400, 5000]),
      glue: Schema.Literals(["", " ", "👩‍⚕️", "ि", "\u0301", "\n"]),
      language: Schema.Literals(["en", "hi"]),
      posts: Schema.Literals([1, 10]),
    }),
  }, ({ words }) => {
    const long = (word: string) => `${word}${words.glue}`.repeat(words.times)
    within(batch({
      ...marketingConfig,
      primary_language: words.language,
      platforms_enabled: [...platforms],
      brand_name: long(words.brand),
      location: long(words.location),
      offerings_services: [long(words.service)],
      posting_identity: long(words.by),
    }, { topics: [long(words.topic)], posts_per_platform: words.posts }))
  }, 60_000)
})

describe("fit", () => {
  it.prop("never exceeds the limit nor splits a pair, and leaves what fits", {
    text: Schema.String,
    times: Schema.Literals([1, 50]),
    max: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300 })),
  }, ({ max, text, times }) => {
    const long = `${text} 👩‍👩‍👧‍👦`.repeat(times)
    const cut = fit(long, max)
    assert.isAtMost(codePoints(cut), max)
    assert.isTrue(cut.isWellFormed())
    if (codePoints(long) <= max) assert.strictEqual(cut, long.toWellFormed())
  })

  it("cuts after a word, or between graphemes", () => {
    assert.strictEqual(fit("one two three four", 12), "one two…")
    assert.strictEqual(fit("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 10), "👩‍👩‍👧‍👦…")
    assert.strictEqual(codePoints(fit(`a${"\u0301".repeat(500)}`, 20)), 20)
  })
})

const tradingConfig = {
  nickname: "Desk",
  theme: "light",
  timezone: "UTC",
  exchange_provider: "delta_exchange_india",
  credential_ref: "cred/delta",
  allowed_coins: ["eth ", "BTC", "btc"],
  default_coin: "BTC",
  risk_limits: { max_units_per_order: 10, max_notional_inr: 50000 },
}

const intent = (settings: JsonObject) =>
  draft(trading, "trading.trade_intent_draft.v1", tradingConfig, settings).payload as TradingIntentPlan

describe("trading drafts", () => {
  it("plan an order with its checks", () => {
    const { payload, title } = draft(trading, "trading.trade_intent_draft.v1", tradingConfig, {
      coin: " btc",
      side: "buy",
      units: 10,
    })
    assert.strictEqual(title, "Buy 10 BTC")
    assert.deepStrictEqual(payload, {
      type: "trading_intent_plan_v1",
      draft_only: true,
      goal_template_id: "trading.trade_intent_draft.v1",
      goal_instance_id: GoalInstanceId.make("GOI-1"),
      intent_action: "place_order",
      exchange_provider: "delta_exchange_india",
      credential_ref: "cred/delta",
      coin: "BTC",
      side: "buy",
      units: 10,
      checks: {
        coin_allowed: true,
        side_valid: true,
        units_positive: true,
        within_max_units: true,
        max_units_per_order: 10,
      },
      validation_errors: [],
    })
  })

  it.each<[JsonObject, ReadonlyArray<string>]>([
    [{ coin: "DOGE", side: "buy", units: 1 }, ["coin_allowed"]],
    [{ coin: "ETH", side: "hold", units: 1 }, ["side_valid"]],
    [{ coin: "ETH", side: "sell", units: 0 }, ["units_positive"]],
    [{ coin: "ETH", side: "sell", units: -1 }, ["units_positive"]],
    [{ coin: "ETH", side: "sell", units: 10.5 }, ["within_max_units"]],
    [{ coin: "DOGE", side: "BUY", units: 99 }, ["coin_allowed", "side_valid", "within_max_units"]],
    [{}, ["coin_allowed", "side_valid", "units_positive"]],
  ])("%j fails %j", (settings, expected) => {
    assert.deepStrictEqual(intent(settings).validation_errors, expected)
    assert.deepStrictEqual(validationErrors(intent(settings)), expected)
  })

  it("propose to close a position", () => {
    const { payload } = draft(trading, "trading.close_position_reminder.v1", tradingConfig, {
      window_local_time: "15:20",
    })
    assert.deepInclude(payload, {
      type: "trading_close_position_proposal_v1",
      intent_action: "close_position",
      window_local_time: "15:20",
    })
  })

  it("report the guard rails, and act on nothing", () => {
    const { payload } = draft(trading, "trading.guardrail_report.v1", tradingConfig)
    assert.deepInclude(payload, {
      type: "trading_guardrail_report_v1",
      snapshot: {
        exchange_provider: "delta_exchange_india",
        credential_ref: "cred/delta",
        allowed_coins: ["BTC", "ETH"],
        default_coin: "BTC",
        risk_limits: { max_units_per_order: 10, max_notional_inr: 50000 },
      },
    })
    assert.isUndefined(intentAction(payload))
    assert.isFalse(isActing(intentAction(payload)))
    assert.isTrue(isActing("publish") && isActing("send") && isActing("post") && isActing("place_order"))
    assert.isFalse(isActing("archive"))
  })
})

const support = {
  agent_type_id: "support.desk.v1",
  version: "1.0.0",
  config_schema: {
    fields: [
      { key: "nickname", label: "Nickname", type: "text", required: true },
      { key: "mailbox_ref", label: "Mailbox", type: "text", required: true },
      {
        key: "hours",
        label: "Opening hours",
        type: "object",
        required: false,
        fields: [{ key: "from", label: "From", type: "text", required: true }],
      },
    ],
  },
  goal_templates: [{
    goal_template_id: "support.digest.v1",
    name: "Weekly digest",
    default_frequency: "weekly",
    settings_schema: { fields: [{ key: "topics", label: "Topics", type: "list", item_type: "text", required: false }] },
    skill_binding: "support",
  }],
  enforcement_defaults: { approval_required: true, deterministic: false },
} as unknown as AgentTypeDefinition

describe("any other type", () => {
  const config = {
    nickname: "Mira *the* [helper](http://x)",
    mailbox_ref: "vault/mail",
    platform_credentials: { x: "cred/hidden" },
    hours: { from: "09:00", token_ref: "hidden" },
  }
  const { payload, title } = draft(support, "support.digest.v1", config, {
    topics: ["Refunds", "# Delays"],
    schedule: { at: "09:00" },
  })

  it("gets a generic draft that reads well and shows no credential", () => {
    assert.strictEqual(title, "Weekly digest for 2025-11-17 09:40 UTC")
    assert.isTrue(payload.type === "generic_deliverable_v1")
    if (payload.type !== "generic_deliverable_v1") return
    assert.strictEqual(payload.intent_action, "publish")
    for (
      const part of [
        "# Weekly digest",
        "Refunds",
        "\\# Delays",
        "**Opening hours**",
        "**From**: 09:00",
        "Mira \\*the\\*",
      ]
    ) {
      assert.include(payload.body, part)
    }
    for (const part of ["vault/mail", "hidden", "schedule"]) assert.notInclude(payload.body, part)
  })

  it("also for a template that has no maker, or that its definition has not", () => {
    assert.strictEqual(draft(marketing, "support.digest.v1", {}).payload.type, "generic_deliverable_v1")
    assert.strictEqual(draft(marketing, "constructor", {}).payload.type, "generic_deliverable_v1")
  })
})

const valid = issuesUnder(DraftPayload)

describe("every draft", () => {
  const cases = [...shippedDefinitions, support].flatMap((definition) =>
    definition.goal_templates.map((template) => [definition, template.goal_template_id] as const)
  )

  it.prop("is a payload of the union and the same bytes each time, whatever it is made of", {
    config: Schema.JsonObject,
    settings: Schema.JsonObject,
    days: Schema.Int.check(Schema.isBetween({ minimum: -1000, maximum: 30_000 })),
  }, ({ config, days, settings }) => {
    for (const [definition, template] of cases) {
      for (const base of [{}, marketingConfig, tradingConfig]) {
        const once = draft(definition, template, { ...base, ...config }, settings, days * day)
        const again = draft(definition, template, { ...base, ...config }, settings, days * day)
        assert.deepStrictEqual(valid(once.payload), [])
        assert.isAtMost(codePoints(once.title), 250)
        assert.strictEqual(JSON.stringify(once), JSON.stringify(again))
      }
    }
    const sound = draft(marketing, weekly, marketingConfig, {}, days * day)
    assert.strictEqual(canonicalJson(JSON.parse(JSON.stringify(sound))), canonicalJson(sound))
  }, 60_000)
})
