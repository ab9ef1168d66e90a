/** The drafts of the marketing agent, and how their texts are shortened. */
import { assert, describe, it } from "@effect/vitest"
import { marketingHealthcareDefinition as marketing } from "@stint/domain/agents/marketing_healthcare/Definition"
import {
  type MarketingDraftBatch,
  platformLimits,
  platforms,
  titleLimit,
} from "@stint/domain/agents/marketing_healthcare/Payload"
import type { JsonObject } from "@stint/domain/Protocol"
import { Schema } from "effect"
import { codePoints, fit } from "../src/Makers/Fit.ts"
import { day, draft, marketingConfig, slot } from "./support/Makers.ts"

const weekly = "marketing.weekly_multichannel_batch.v1"

const batch = (config: JsonObject, settings: JsonObject = {}, at = slot, template = weekly) =>
  draft(marketing, template, config, settings, at).payload as MarketingDraftBatch

describe("marketing batches", () => {
  it("have posts for the enabled platforms only, in the order of the field's options", () => {
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

  it("name the brand, the place and the topic", () => {
    const { brand_name, variants } = batch(marketingConfig, { topics: ["sleep"] })
    assert.strictEqual(brand_name, "Sunrise Clinic")
    for (const { text } of variants) {
      assert.include(text, "Sunrise Clinic")
      assert.include(text.toLowerCase(), "sleep")
    }
    assert.include(variants.map((variant) => variant.text).join(), "Pune")
  })

  it("repeat no post within a batch or in the next week's", () => {
    const { variants } = batch({ ...marketingConfig, platforms_enabled: [...platforms] }, { posts_per_platform: 10 })
    assert.strictEqual(new Set(variants.map((variant) => `${variant.platform} ${variant.text}`)).size, 70)
    const texts = (at: number) => batch(marketingConfig, {}, at).variants.map((variant) => variant.text)
    assert.notDeepEqual(texts(slot), texts(slot + 7 * day))
  })

  it("are in the language of the config", () => {
    for (
      const { text, title } of batch({ ...marketingConfig, primary_language: "hi" }, { topics: ["sleep"] }).variants
    ) {
      assert.match(text, /[\u0900-\u097f]/)
      if (title !== undefined) assert.match(title, /[\u0900-\u097f]/)
    }
  })

  it("make no medical promises", () => {
    for (let week = 0; week < 10; week++) {
      const config = { ...marketingConfig, platforms_enabled: [...platforms] }
      for (const { text } of batch(config, { posts_per_platform: 10 }, slot + week * day).variants) {
        assert.notMatch(text, /\b(cure|guarantee|painless|miracle|100 ?%|best)/i)
      }
    }
  })

  it("suggest as many local times as each platform has posts, ascending", () => {
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

  it.prop("keep to the limits of the platforms, whatever the config says", {
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
  })
})

describe("fit", () => {
  it.prop("never exceeds the limit or splits a surrogate pair, and keeps text that fits", {
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
