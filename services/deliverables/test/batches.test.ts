/** Posts that a model or a program wrote: what they must keep to, each fault at its path. */
import { assert, describe, it } from "@effect/vitest"
import { marketingHealthcareDefinition } from "@stint/domain/agents/marketing_healthcare/Definition"
import type { MarketingVariant } from "@stint/domain/agents/marketing_healthcare/Payload"
import { Result } from "effect"
import { finishBatch } from "../src/Makers/marketing/Rules.ts"

const constraints = {
  never_mention: ["Bright Smile", "guarantee"],
  max_length: 60,
  min_length: 5,
  hashtags: { required: ["#health"], forbidden: ["sale"], max: 2 },
}

const judged = (variants: ReadonlyArray<MarketingVariant>, config: object = {}, settings: object = {}) =>
  finishBatch({
    definition: marketingHealthcareDefinition,
    hire: {
      hired_instance_id: "HAI-1" as never,
      config: { platforms_enabled: ["instagram", "x"], ...config } as never,
    },
    goal: { goal_instance_id: "GOI-1" as never, goal_template_id: "t", settings: settings as never },
    slot: 0,
  }, { brand_name: "B", theme: "T", variants, suggested_schedule_local: [] })

const post = (
  platform: MarketingVariant["platform"],
  text = "Floss daily",
  hashtags = ["#health"],
): MarketingVariant => ({
  platform,
  text,
  hashtags,
})

describe("a batch of others", () => {
  it("that keeps to all is put into the order of the platforms", () => {
    const done = Result.getOrThrow(judged([post("x"), post("instagram")], { constraints }))
    assert.deepStrictEqual(done.variants.map(({ platform }) => platform), ["instagram", "x"])
  })

  it.each<[string, MarketingVariant, string]>([
    ["mentions what it must not", post("x", "Like BRIGHT  smile"), "$.payload.variants[0].text mentions what"],
    [
      "does so in a hashtag",
      post("x", "Floss daily", ["#health", "#BrightSmile"]),
      "$.payload.variants[0].text mentions what",
    ],
    ["is too short", post("x", "Hi"), "$.payload.variants[0].text must have at least 5 characters"],
    [
      "is too long with its hashtags",
      post("x", "a".repeat(55)),
      "$.payload.variants[0].text must have at most 60 characters",
    ],
    ["lacks a hashtag", post("x", "Floss daily", []), "$.payload.variants[0].hashtags must have #health"],
    [
      "has one that is forbidden",
      post("x", "Floss daily", ["#health", "#Sale"]),
      "$.payload.variants[0].hashtags has one",
    ],
    [
      "has too many",
      post("x", "Floss daily", ["#health", "#a", "#b"]),
      "$.payload.variants[0].hashtags must be at most 2",
    ],
  ])("a post that %s", (_, wrong, fault) => {
    const faults = Result.getOrThrow(Result.flip(judged([wrong, post("instagram")], { constraints })))
    assert.strictEqual(faults.length, 1, JSON.stringify(faults))
    assert.isTrue(`${faults[0]!.path} ${faults[0]!.message}`.startsWith(fault), JSON.stringify(faults))
  })

  it("has as many posts for each enabled platform as the goal says", () => {
    const faults = Result.getOrThrow(Result.flip(judged([post("x"), post("facebook")], {}, { posts_per_platform: 2 })))
    assert.deepStrictEqual(faults.map(({ message }) => message).sort(), [
      "facebook is not enabled for this hire: no post may be for it",
      "must have 2 for instagram, not 0",
      "must have 2 for x, not 1",
    ])
  })
})
