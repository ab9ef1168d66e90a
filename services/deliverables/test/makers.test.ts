/** The drafts of the trading agent, the generic draft, and what holds for every draft. */
import { assert, describe, it } from "@effect/vitest"
import { marketingHealthcareDefinition as marketing } from "@stint/domain/agents/marketing_healthcare/Definition"
import {
  replyToReview,
  reviewRequest,
  reviewsReplyWriterDefinition as replies,
  weeklyReplies,
} from "@stint/domain/agents/reviews_reply_writer/Definition"
import { tradingDeltaFuturesDefinition as trading } from "@stint/domain/agents/trading_delta_futures/Definition"
import type { TradingIntentPlan } from "@stint/domain/agents/trading_delta_futures/Payload"
import { canonicalJson } from "@stint/domain/Canonical"
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import { configIssues, settingsIssues } from "@stint/domain/Definition/Validate"
import { isActing } from "@stint/domain/Draft"
import { issuesUnder } from "@stint/domain/FieldIssues"
import { GoalInstanceId } from "@stint/domain/Ids"
import { DraftPayload, intentAction, validationErrors } from "@stint/domain/Payload"
import type { JsonObject } from "@stint/domain/Protocol"
import { shippedDefinitions } from "@stint/domain/Shipped"
import { Schema } from "effect"
import { codePoints } from "../src/Makers/Fit.ts"
import { day, draft, marketingConfig, tradingConfig } from "./support/Makers.ts"

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

  it("report the guard rails, which acts on nothing", () => {
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

describe("an agent type without makers", () => {
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

  it("gets a generic draft of its settings and config, escaped and without credentials", () => {
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

  it("is treated like a template without a maker, or one that its definition no longer has", () => {
    assert.strictEqual(draft(marketing, "support.digest.v1", {}).payload.type, "generic_deliverable_v1")
    assert.strictEqual(draft(marketing, "constructor", {}).payload.type, "generic_deliverable_v1")
  })
})

describe("the reply writer, which is data alone", () => {
  const config = {
    nickname: "Ravi",
    primary_language: "en",
    timezone: "Asia/Kolkata",
    business_name: "Spice Garden",
    business_kind: "family restaurant",
    tone: "warm",
    own_words: ["Thank you for coming by, see you soon!"],
  }
  const review = { review: "Great dosa, slow service", rating: 3, reviewer: "Meera", platform: "google" }
  const settings: Readonly<Record<string, JsonObject>> = {
    [replyToReview]: review,
    [weeklyReplies]: { reviews: [review] },
    [reviewRequest]: { occasion: "this month's visits" },
  }

  it("takes such a hire and such goals", () => {
    assert.deepStrictEqual(configIssues(replies, config), [])
    for (const { default_frequency, goal_template_id } of replies.goal_templates) {
      const given = settings[goal_template_id]!
      assert.deepStrictEqual(settingsIssues(replies, goal_template_id, default_frequency, given), [], goal_template_id)
    }
    assert.deepStrictEqual(
      settingsIssues(replies, weeklyReplies, "weekly", { reviews: [{ ...review, rating: 0 }] }).map(({ path }) => path),
      ["$.settings.reviews[0].rating"],
    )
  })

  it("lays the review and the business's own words before the person who answers", () => {
    for (const template of [replyToReview, weeklyReplies]) {
      const { payload } = draft(replies, template, config, settings[template])
      assert.isTrue(payload.type === "generic_deliverable_v1")
      if (payload.type !== "generic_deliverable_v1") continue
      for (const part of ["Great dosa, slow service", "Meera", "Spice Garden", "see you soon"]) {
        assert.include(payload.body, part)
      }
    }
  })
})

const valid = issuesUnder(DraftPayload)

describe("every draft", () => {
  const cases = [...shippedDefinitions, support].flatMap((definition) =>
    definition.goal_templates.map((template) => [definition, template.goal_template_id] as const)
  )

  it.prop("is a payload of the union and the same bytes each time, whatever its config and settings", {
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
    const sound = draft(marketing, "marketing.weekly_multichannel_batch.v1", marketingConfig, {}, days * day)
    assert.strictEqual(canonicalJson(JSON.parse(JSON.stringify(sound))), canonicalJson(sound))
  })
})
