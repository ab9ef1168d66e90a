/** Rules of mandates: what satisfies them, what never does, and the words that someone tries to hide. */
import { assert, describe, it } from "@effect/vitest"
import { parsePath } from "../src/deliverables/Mandates/Paths.ts"
import { Rule, Rules, stoppedBy } from "../src/deliverables/Mandates/Rules.ts"
import { issuesUnder } from "../src/FieldIssues.ts"
import { Result, Schema } from "effect"

const draft = {
  type: "marketing_draft_batch_v1",
  theme: "Gum health",
  draft_only: true,
  units: 3,
  variants: [
    { platform: "x", text: "Brush twice a day. https://clinic.example/tips", hashtags: ["#teeth"] },
    { platform: "linkedin", text: "Straße, not STRASSE", hashtags: [] },
  ],
}

const decode = Schema.decodeUnknownResult(Rule)
const one = (rule: unknown, payload: unknown = draft) => {
  const decoded = decode(rule)
  if (Result.isFailure(decoded)) throw new Error(`no rule: ${JSON.stringify(rule)}`)
  return stoppedBy([decoded.success], payload)
}
const passes = (rule: unknown, payload?: unknown) => assert.isUndefined(one(rule, payload), JSON.stringify(rule))
const stops = (rule: unknown, path: string, payload?: unknown) =>
  assert.deepStrictEqual(one(rule, payload), { rule: 0, path }, JSON.stringify(rule))

describe("paths", () => {
  it("are keys, indices and [*]; what can't be read is no path", () => {
    assert.deepStrictEqual(parsePath(`$.a[0].b[*]["c d"]`), ["a", 0, "b", { every: true }, "c d"])
    assert.deepStrictEqual(parsePath(`["a.b"].c`), ["a.b", "c"])
    for (
      const text of [
        "",
        "$",
        "a..b",
        "a[",
        "a[-1]",
        "a[*",
        "a b",
        "a.*",
        ".",
        `a["x]`,
        "x".repeat(301),
        "a" + "[0]".repeat(20),
      ]
    ) {
      assert.isUndefined(parsePath(text), text)
    }
  })

  it("that find nothing do not satisfy, whatever the rule; the place says where", () => {
    const ops: ReadonlyArray<[string, unknown]> = [
      ["eq", "x"],
      ["in", ["x"]],
      ["lte", 1e9],
      ["gte", -1e9],
      ["max_length", 1_000_000],
      ["contains_none", ["x"]],
      ["hosts_in", ["example.com"]],
    ]
    for (const [op, value] of ops) {
      stops({ path: "none", op, value }, "none")
      stops({ path: "theme.length", op, value }, "theme.length")
      stops({ path: "variants[9].text", op, value }, "variants[9]")
      stops({ path: "variants[*].title", op, value }, "variants[0].title")
      stops({ path: "theme[*]", op, value }, "theme")
      stops({ path: "toString", op, value }, "toString")
      stops({ path: "variants[1].hashtags[*]", op, value }, "variants[1].hashtags")
    }
    // what the first variant has, the second lacks
    stops({ path: "variants[*].hashtags[*]", op: "max_length", value: 99 }, "variants[1].hashtags")
  })
})

describe("rules", () => {
  it("compare values of their own type alone", () => {
    passes({ path: "theme", op: "eq", value: "Gum health" })
    passes({ path: "draft_only", op: "eq", value: true })
    passes({ path: "variants[*].platform", op: "in", value: ["x", "linkedin"] })
    stops({ path: "variants[*].platform", op: "in", value: ["x"] }, "variants[1].platform")
    passes({ path: "units", op: "lte", value: 3 })
    passes({ path: "units", op: "gte", value: 3 })
    stops({ path: "units", op: "lte", value: 2.9 }, "units")
    stops({ path: "theme", op: "lte", value: 3 }, "theme")
    stops({ path: "units", op: "eq", value: "3" }, "units")
    passes({ path: "theme", op: "max_length", value: 10 })
    passes({ path: "t", op: "max_length", value: 1 }, { t: "😀" })
    passes({ path: "variants", op: "max_length", value: 2 })
    stops({ path: "variants", op: "max_length", value: 1 }, "variants")
    passes({ path: "variants[*].hashtags", op: "contains_none", value: ["spam"] })
    stops({ path: "variants", op: "contains_none", value: ["spam"] }, "variants")
    stops({ path: "units", op: "hosts_in", value: ["clinic.example"] }, "units")
  })

  it("stop at the first one that is not satisfied", () => {
    const rules = [
      { path: "theme", op: "eq", value: "Gum health" },
      { path: "units", op: "lte", value: 1 },
      { path: "none", op: "eq", value: 1 },
    ] as const
    assert.deepStrictEqual(stoppedBy(rules, draft), { rule: 1, path: "units" })
  })

  it("of no kind are refused with the kinds that there are", () => {
    const message = "must be an object whose op is one of: eq, in, lte, gte, max_length, contains_none, hosts_in"
    assert.deepStrictEqual(
      issuesUnder(Rules)([{ path: "a", op: "gt", value: 1 }, 5, { path: "a", op: "lte", value: "1" }]),
      [
        { path: "$[0]", message },
        { path: "$[1]", message },
        { path: "$[2].value", message: "must be a number" },
      ],
    )
  })

  it("are bounded, and refused where they say nothing", () => {
    for (
      const bad of [
        { path: "a b", op: "eq", value: 1 },
        { path: "a", op: "like", value: 1 },
        { path: "a", op: "eq", value: null },
        { path: "a", op: "in", value: [] },
        { path: "a", op: "in", value: Array(201).fill("x") },
        { path: "a", op: "lte", value: "3" },
        { path: "a", op: "max_length", value: -1 },
        { path: "a", op: "contains_none", value: [" "] },
        { path: "a", op: "contains_none", value: ["\u200b"] },
        { path: "a", op: "hosts_in", value: ["https://a.example"] },
        { path: "a", op: "hosts_in", value: ["a.example:443"] },
        { path: "a", op: "hosts_in", value: ["*.com"] },
        { path: "a", op: "hosts_in", value: ["*"] },
      ]
    ) assert.isTrue(Result.isFailure(decode(bad)), JSON.stringify(bad))
  })

  it("contains_none finds a word in any case, form, width or script that looks like it", () => {
    const rule = { path: "t", op: "contains_none", value: ["Cure", "straße", "risk free"] }
    for (
      const t of [
        "a CURE",
        "secured",
        "ｃｕｒｅ",
        "cu\u200bre",
        "cu\u00adre",
        "сure", // a Cyrillic es
        "cúre",
        "STRASSE",
        "strasse",
        "Risk \n  Free",
        "risk\u00a0free",
        "𝒸𝓊𝓇ℯ",
      ]
    ) stops(rule, "t", { t })
    passes(rule, { t: "a cur, e.g. riskfree" })
  })
})

describe("hosts_in", () => {
  it("is satisfied by hosts below a pattern, not by the host itself", () => {
    const rule = { path: "t", op: "hosts_in", value: ["*.good.example"] }
    passes(rule, { t: "https://www.good.example" })
    stops(rule, "t", { t: "https://good.example" })
    stops(rule, "t", { t: "https://evilgood.example" })
    stops(rule, "t", { t: "https://www.good.example.evil.example" })
  })
})

describe("whatever the values", () => {
  const scalar = Schema.Union([Schema.String, Schema.Int, Schema.Boolean])
  const words = Schema.String.check(Schema.isMaxLength(40))

  it.prop("a value of a wrong type satisfies no rule", { json: Schema.Json }, ({ json }) => {
    const payload = { v: json as unknown }
    const isText = typeof json === "string"
    const isTexts = Array.isArray(json) && json.every((item) => typeof item === "string")
    if (typeof json !== "number") {
      for (const op of ["lte", "gte"]) stops({ path: "v", op, value: 0 }, "v", payload)
    }
    if (!isText && !isTexts) {
      stops({ path: "v", op: "contains_none", value: ["zzzz"] }, "v", payload)
      stops({ path: "v", op: "hosts_in", value: ["good.example"] }, "v", payload)
    }
    if (!isText && !Array.isArray(json)) stops({ path: "v", op: "max_length", value: 1_000_000 }, "v", payload)
  })

  it.prop("eq and in are satisfied by the very value", { a: scalar, b: scalar }, ({ a, b }) => {
    assert.strictEqual(one({ path: "v", op: "eq", value: a }, { v: b }) === undefined, a === b)
    assert.strictEqual(one({ path: "v", op: "in", value: [a] }, { v: b }) === undefined, a === b)
  })

  it.prop("[*] is satisfied where every item is, and stops at the first that is not", {
    items: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 }))).check(Schema.isMaxLength(6)),
  }, ({ items }) => {
    const bad = items.findIndex((n) => n > 5)
    const stopped = one({ path: "v[*]", op: "lte", value: 5 }, { v: items })
    const path = items.length === 0 ? "v" : bad === -1 ? undefined : `v[${bad}]`
    assert.strictEqual(stopped?.path, path)
  })

  it.prop("a link to another host is found wherever it stands in a text", {
    before: words,
    after: words,
    scheme: Schema.Literals(["https://", "http://", "//", "HTTP:\\\\", "https:/"]),
  }, ({ after, before, scheme }) => {
    const rule = { path: "t", op: "hosts_in", value: ["good.example"] }
    assert.isDefined(one(rule, { t: `${before} ${scheme}evil.example/${after}` }))
    assert.isDefined(one(rule, { t: `${before}\n[x](evil.example) ${after}` }))
  })

  it.prop("a forbidden word is found in any case, wherever it stands", {
    before: words,
    after: words,
    upper: Schema.Boolean,
  }, ({ after, before, upper }) => {
    const word = upper ? "GUARANTEED" : "guaranteed"
    stops({ path: "t", op: "contains_none", value: ["Guaranteed"] }, "t", { t: `${before}${word}${after}` })
  })
})
