/** What a body's text is refused for before anything is made of it (domain.md, "Bounds"; RFC 7493). */
import { JsonScan, numberFault } from "@stint/edge/JsonText"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

const bounds = { body_depth: 64, body_values: 1_000, object_keys: 900 }

const faultOf = (text: string, step = Infinity) => {
  const scan = new JsonScan(text, bounds)
  while (!scan.step(step));
  return scan.fault
}

/** The keys and items of a value. */
const valuesOf = (value: unknown): number =>
  typeof value !== "object" || value === null
    ? 0
    : Object.values(value).reduce((sum: number, inner) => sum + 1 + valuesOf(inner), 0)

describe("a scan of JSON", () => {
  it("D7: refuses a number that a double does not hold exactly, and names its place", () => {
    const exact = [
      "0",
      "-0",
      "1",
      "-1.5",
      "0.1",
      "0.10",
      "100",
      "1e3",
      "1E+3",
      "1e-7",
      "1.0e2",
      "9007199254740991",
      "-9007199254740991",
      "0.30000000000000004",
      "1e21",
      "1.7976931348623157e308",
      "5e-324",
      "123456789.12345678",
    ]
    for (const literal of exact) assert.isUndefined(faultOf(`{"n": ${literal}}`), literal)
    const inexact = [
      "9007199254740992",
      "9007199254740993",
      "-9007199254740993",
      "12345678901234567890",
      "1".repeat(400_000),
      "0.1000000000000000055",
      "9007199254740993.0",
      "9007199254740993e0",
      "3.14159265358979323846",
      "1e400",
      "-1e400",
      "1e-400",
      `0.${"1".repeat(400_000)}`,
    ]
    for (const literal of inexact) {
      const fault = faultOf(`{"settings": {"units": [1, {"a b": ${literal}}]}}`)
      assert.strictEqual(fault?.path, '$.settings.units[1]["a b"]', literal.slice(0, 40))
    }
    assert.strictEqual(numberFault("1e400"), "must be a finite number")
  })

  it.prop("D7: takes every number that JavaScript writes", { n: Schema.Finite }, ({ n }) => {
    // whole numbers above 2^53 - 1 aside, which JavaScript writes without an exponent below 1e21
    if (Number.isInteger(n) && !Number.isSafeInteger(n) && Math.abs(n) < 1e21) return
    assert.isUndefined(faultOf(JSON.stringify({ n })), String(n))
  })

  it.prop("A4: counts keys and items as they are, in steps of any length", {
    json: Schema.Json,
    step: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 50 })),
  }, ({ json, step }) => {
    const text = JSON.stringify(json)
    const scan = new JsonScan(text, { body_depth: 64, body_values: 100_000, object_keys: 100_000 })
    while (!scan.step(step));
    // a number may be inexact; an empty list counts as one
    if (scan.fault !== undefined) return
    const empty = [...text.replaceAll(/"(?:[^"\\]|\\.)*"/g, "0").matchAll(/\[\s*\]/g)].length
    assert.strictEqual(scan.values, valuesOf(JSON.parse(text)) + empty)
  })

  it("A4: refuses what is too deep or too much", () => {
    assert.isUndefined(faultOf("[".repeat(64)))
    assert.strictEqual(faultOf("[".repeat(65))?.message, "must not nest deeper than 64 (bound body_depth)")
    assert.strictEqual(faultOf('{"a":'.repeat(65))?.message, "must not nest deeper than 64 (bound body_depth)")
    assert.isUndefined(faultOf(`{"a": "${"[".repeat(100)}"}`))
    assert.isUndefined(faultOf(JSON.stringify(Array.from({ length: 1_000 }, () => 1))))
    assert.match(faultOf(JSON.stringify(Array.from({ length: 1_001 }, () => 1)))!.message, /bound body_values/)
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 1]))
    assert.match(faultOf(JSON.stringify([keys(800), keys(800)]))!.message, /bound body_values/)
    assert.isUndefined(faultOf(JSON.stringify({ a: keys(900) })))
    assert.deepStrictEqual(faultOf(JSON.stringify({ a: [1, keys(901)] })), {
      path: "$.a[1]",
      message: "must have at most 900 keys (bound object_keys)",
    })
  })

  it("refuses a key that an object has twice, however it is written", () => {
    const twice = ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"x":[{"b":{},"c":1,"b":1}]}', '{"":1,"":2}']
    for (const text of twice) assert.strictEqual(faultOf(text)?.message, "must not have this key twice", text)
    assert.strictEqual(faultOf(twice[2]!)?.path, "$.x[0].b")
    const many = Array.from({ length: 40 }, (_, n) => `"k${n}":${n}`)
    assert.isUndefined(faultOf(`{${many.join()}}`))
    assert.isDefined(faultOf(`{${[...many, '"k3":1'].join()}}`))
    assert.isDefined(faultOf(`{${[...many, '"k39":1'].join()}}`))
    for (const text of ['{"a":{"a":1}}', '[{"a":1},{"a":1}]', '{"a":"a","b":"a"}', '{"__proto__":1,"toString":2}']) {
      assert.isUndefined(faultOf(text), text)
    }
  })

  it("is not led astray by quotes, escapes and what is no JSON", () => {
    assert.isUndefined(faultOf('{"a\\"b":"\\\\","c":"\\\\\\"[[[","d":9}'))
    for (
      const text of ["", "{", '"', '"\\', "}}]]", "{,:", '{"a', "-", "[1,,2]", "nul", '{"a":1]', ":::", '{"\\u00":1}']
    ) {
      assert.isUndefined(faultOf(text), text)
      assert.isUndefined(faultOf(text, 1), text)
    }
  })
})
