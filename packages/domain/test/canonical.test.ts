import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Digest } from "effect/crypto"
import { canonicalJson, contentSha256, sha256Hex } from "../src/Canonical.ts"

/** The same value without lone surrogates, which no decoded body holds. */
const wellFormed = (value: unknown): unknown => {
  if (typeof value === "string") return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key.toWellFormed(), wellFormed(member)]))
}

/** The same value with the keys of each object in the opposite order. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)]))
}

describe("canonical JSON", () => {
  it("is RFC 8785's example", () => {
    assert.strictEqual(
      canonicalJson({
        numbers: [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001, -0],
        string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
        literals: [null, true, false],
      }),
      `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],` +
        `"string":"€$\\u000f\\nA'B\\"\\\\\\\\\\"/"}`,
    )
  })

  it("sorts keys by UTF-16 code unit", () => {
    assert.strictEqual(
      canonicalJson({ "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 }),
      `{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}`,
    )
  })

  it("refuses what JSON can't hold", () => {
    for (const value of [NaN, Infinity, "\ud800", { "\udc00": 1 }, [-Infinity], undefined]) {
      assert.throws(() => canonicalJson(value))
    }
  })

  it.prop("does not depend on the order of keys, and holds the content", { json: Schema.Json }, ({ json }) => {
    const value = wellFormed(json)
    const text = canonicalJson(value)
    assert.strictEqual(canonicalJson(reversed(value)), text)
    assert.strictEqual(canonicalJson(JSON.parse(text)), text)
  })

  it.effect("is hashed as UTF-8", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* sha256Hex("abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      )
      assert.strictEqual(yield* contentSha256({ b: "é", a: 1 }), yield* sha256Hex(`{"a":1,"b":"é"}`))
    }).pipe(Effect.provide(Digest.layerWebCrypto)))
})
