/** What binds the posts of the marketing agent: no draft repeats one of a goal's last 30, and a hire's constraints hold. */
import { assert, describe, it } from "@effect/vitest"
import { marketingHealthcareDefinition as marketing } from "@stint/domain/agents/marketing_healthcare/Definition"
import { type MarketingDraftBatch, platforms } from "@stint/domain/agents/marketing_healthcare/Payload"
import type { JsonObject } from "@stint/domain/Protocol"
import { Schema } from "effect"
import { codePoints } from "../src/Makers/Fit.ts"
import { MODULI } from "../src/Makers/marketing/Choice.ts"
import { day, draft, marketingConfig, slot } from "./support/Makers.ts"

const weekly = "marketing.weekly_multichannel_batch.v1"

const batch = (config: JsonObject, settings: JsonObject = {}, at = slot, template = weekly) =>
  draft(marketing, template, config, settings, at).payload as MarketingDraftBatch

/** The slots of so many runs of a goal at a local time: each day, each week, or each month (on its last day where it is shorter). */
const slotsOf = (
  every: "daily" | "weekly" | "monthly",
  zone: string,
  from: { year: number; month: number; day: number; hour: number },
  count: number,
) => {
  const { hour, ...date } = from
  const first = Temporal.PlainDateTime.from({ ...date, hour, minute: 30 })
  const unit = { daily: "days", weekly: "weeks", monthly: "months" }[every]
  return Array.from(
    { length: count },
    (_, nth) => first.add({ [unit]: nth }).toZonedDateTime(zone, { disambiguation: "compatible" }).epochMilliseconds,
  )
}

const words = Schema.Struct({
  brand: Schema.String,
  location: Schema.String,
  service: Schema.String,
  topic: Schema.String,
  times: Schema.Literals([1, 7, 400]),
})

/** Anything that people and programs may have put there. */
const constraintsGiven = Schema.Struct({
  never_mention: Schema.Union([
    Schema.Array(Schema.Literals(["doctor", "Sunrise", "ask", "sleep", "डॉक्टर", "you", ". Ask", " "])),
    Schema.Json,
  ]),
  max_length: Schema.NullOr(Schema.Literals([60, 120, 280, 300, 2000])),
  min_length: Schema.NullOr(Schema.Literals([0, 40, 150, 400])),
  hashtags: Schema.Struct({
    required: Schema.NullOr(Schema.Literals(["#Smile Pune", "#पुणे", "", "x y"])),
    forbidden: Schema.Array(Schema.Literals(["#AskYourDoctor", "sunriseclinic", "सेहत"])),
    max: Schema.NullOr(Schema.Literals([0, 1, 3, 30])),
  }),
})

/** The posts of a draft, or the reason why its constraints leave none. */
const posts = (config: JsonObject, settings: JsonObject, at: number, template = weekly) => {
  try {
    return batch(config, settings, at, template).variants
  } catch (error) {
    assert.match((error as Error).message, /constraints/)
    return undefined
  }
}

describe("31 drafts of a goal that follow each other", () => {
  const zones = ["UTC", "Asia/Kolkata", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll"]

  it.prop("are all different for each platform, whatever the config, the zone and the language", {
    words,
    every: Schema.Literals(["daily", "weekly", "monthly"]),
    zone: Schema.Literals(zones),
    language: Schema.Literals(["en", "hi"]),
    year: Schema.Int.check(Schema.isBetween({ minimum: 1990, maximum: 2060 })),
    month: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 })),
    day: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 28 })),
    hour: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 23 })),
    constraints: Schema.NullOr(constraintsGiven),
    hasTopic: Schema.Boolean,
  }, ({ constraints, day, every, hasTopic, hour, language, month, words, year, zone }) => {
    const config = {
      ...marketingConfig,
      primary_language: language,
      platforms_enabled: [...platforms],
      brand_name: words.brand.repeat(words.times),
      location: words.location.repeat(words.times),
      offerings_services: [words.service.repeat(words.times), "root canal care"],
      ...constraints === null ? {} : { constraints: constraints as unknown as JsonObject },
    }
    const settings: JsonObject = hasTopic ? { topics: [words.topic.repeat(words.times)] } : {}
    const slots = slotsOf(every, zone, { year, month, day, hour }, 31)
    const drafts = slots.map((at) => posts(config, settings, at))
    for (const [position, platform] of platforms.entries()) {
      const texts = drafts.flatMap((draft) => draft?.[position]?.text ?? [])
      assert.strictEqual(new Set(texts).size, texts.length, platform)
    }
  }, { arbitrary: { runs: 40 } })

  it("are so by what the moduli divide: no distance of two such slots, in minutes, with any shift of their zone", () => {
    const distances = new Set<number>()
    for (let nth = 1; nth <= 30; nth++) distances.add(nth).add(7 * nth)
    for (let month = 0; month < 48; month++) {
      for (const day of [1, 28, 29, 30, 31]) {
        const at = (nth: number) => {
          const { year, month: of } = Temporal.PlainYearMonth.from({ year: 2000, month: 1 }).add({
            months: month + nth,
          })
          return Temporal.PlainDate.from({ year, month: of, day }, { overflow: "constrain" })
        }
        for (let nth = 1; nth <= 30; nth++) distances.add(at(0).until(at(nth)).days)
      }
    }
    for (const modulus of MODULI) {
      for (const days of distances) {
        for (const shift of [0, 30, 60, 120, -30, -60, -120]) {
          assert.notStrictEqual((1440 * days + shift) % modulus, 0, `${modulus}: ${days} days and ${shift} minutes`)
        }
      }
    }
  })

  it("are so for a month of dailies, each of whose sentences changes from day to day", () => {
    const texts = Array.from(
      { length: 32 },
      (_, nth) =>
        batch({ ...marketingConfig, platforms_enabled: ["x"] }, { topic: "sleep" }, slot + nth * day).variants[0]!.text,
    )
    assert.strictEqual(new Set(texts).size, 32)
    assert.isTrue(texts.every((text, nth) => nth === 0 || text.slice(0, 12) !== texts[nth - 1]!.slice(0, 12)))
  })
})

describe("constraints", () => {
  const under = (constraints: JsonObject, config: JsonObject = {}, settings: JsonObject = { posts_per_platform: 3 }) =>
    batch({ ...marketingConfig, platforms_enabled: [...platforms], ...config, constraints }, settings).variants
  const spoken = ({ hashtags, text, title = "" }: (ReturnType<typeof under>)[number]) =>
    [text, ...hashtags, title].join(" ").toLowerCase()

  it("never_mention keeps a text out of every text, title and hashtag, in any case, and other sentences are chosen", () => {
    for (const never of ["DOCTOR", "sunrise  clinic", "ask", "check-ups", "dental"]) {
      const posts = under({ never_mention: [never] })
      assert.lengthOf(posts, 21)
      for (const post of posts) {
        assert.notInclude(spoken(post), never.toLowerCase().replace("  ", " "))
        assert.notInclude(spoken(post), never.toLowerCase().replaceAll(/[^a-z]/g, ""))
      }
    }
    const hindi = under({ never_mention: "डॉक्टर" }, { primary_language: "hi" })
    for (const post of hindi) assert.notInclude(spoken(post), "डॉक्टर")
    const topic = under({ never_mention: ["sleep"] }, {}, { topics: ["Better sleep"] })
    for (const post of topic) assert.notInclude(spoken(post), "sleep")
  })

  it("a text that stands over two sentences is kept out as well", () => {
    const texts = under({}, {}, { posts_per_platform: 10 }).map(({ text }) => text.replaceAll(/\s+/g, " "))
    const over = /[a-z]+[.?!] [A-Z][a-z]+/.exec(texts.at(-1)!)![0]
    for (const { text } of under({ never_mention: [over] }, {}, { posts_per_platform: 10 })) {
      assert.notInclude(text.replaceAll(/\s+/g, " "), over)
    }
  })

  it("lengths bind: the text with its hashtags has at most max_length, the text alone at least min_length", () => {
    for (const [min_length, max_length] of [[0, 100], [200, 260], ["150", "250"], [0, 70]] as const) {
      for (const language of ["en", "hi"]) {
        for (
          const { hashtags, text } of under({ min_length, max_length }, { primary_language: language }, {
            topics: ["sleep"],
          })
        ) {
          assert.isAtMost(codePoints([text, ...hashtags].join(" ")), Number(max_length))
          assert.isAtLeast(codePoints(text), Number(min_length))
        }
      }
    }
  })

  it("hashtags: required ones are in each post, forbidden ones in none, and there are at most max", () => {
    for (
      const { hashtags } of under({
        hashtags: { required: ["#SmilePune", "dental care"], forbidden: ["sunriseclinic", "#Pune"], max: 3 },
      })
    ) {
      assert.includeMembers([...hashtags], ["#SmilePune", "#DentalCare"])
      assert.isAtMost(hashtags.length, 3)
      for (const tag of hashtags) assert.notMatch(tag, /^#(SunriseClinic|Pune)$/i)
    }
    for (const { hashtags } of under({ hashtags: { max: 0 } })) assert.deepStrictEqual(hashtags, [])
  })

  it.each<[JsonObject, RegExp]>([
    [{ max_length: 5 }, /constraints leave 0 different posts for youtube; 613 are needed/],
    [{ never_mention: ["e"] }, /constraints leave \d+ different posts/],
    [{ min_length: 300, max_length: 200 }, /constraints leave 0/],
    [{ hashtags: { required: ["#A1", "#B1"], max: 1 } }, /requires 2 and allows 1/],
    [{ hashtags: { required: ["#Pune"], forbidden: ["pune"] } }, /requires #Pune, which the constraints forbid/],
    [{ never_mention: ["pune"], hashtags: { required: ["#Pune"] } }, /requires #Pune, which the constraints forbid/],
  ])("%j can't be kept: the reason is said, and no draft is made", (constraints, why) => {
    assert.throws(() => under(constraints), why)
  })

  it("what is not understood binds nothing, and a hire without constraints is written for as before", () => {
    const free = batch({ ...marketingConfig }).variants
    for (const constraints of [{}, { tone: "warm" }, { max_length: "short", never_mention: 5, hashtags: "none" }]) {
      const { variants } = batch({ ...marketingConfig, constraints })
      assert.strictEqual(variants.length, free.length)
    }
    assert.deepStrictEqual(batch({ ...marketingConfig, constraints: { tone: "warm" } }).variants, free)
  })

  it.prop("bind whatever they are: a draft keeps them, or says why there is none", {
    constraints: constraintsGiven,
    language: Schema.Literals(["en", "hi"]),
    posts_per_platform: Schema.Literals([1, 10]),
  }, ({ constraints, language, posts_per_platform }) => {
    const config = {
      ...marketingConfig,
      primary_language: language,
      platforms_enabled: [...platforms],
      constraints: constraints as unknown as JsonObject,
    }
    for (const post of posts(config, { posts_per_platform }, slot) ?? []) {
      const { never_mention: never } = constraints
      for (const one of Array.isArray(never) ? never : []) {
        if (typeof one === "string" && one.trim() !== "") assert.notInclude(spoken(post), one.trim().toLowerCase())
      }
      const { max_length: most, min_length: least } = constraints
      if (most !== null) assert.isAtMost(codePoints([post.text, ...post.hashtags].join(" ")), most)
      if (least !== null) assert.isAtLeast(codePoints(post.text), least)
      const { max, required } = constraints.hashtags
      if (max !== null) assert.isAtMost(post.hashtags.length, max)
      if (required === "#पुणे") assert.include(post.hashtags, "#पुणे")
    }
  }, { arbitrary: { runs: 40 } })
})
