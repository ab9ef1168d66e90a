/** The calendar against an independent one: every slot of 20 zones over 5 years (see oracle/make_oracle.py). */
import type { Rule } from "@stint/domain/Schedule"
import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { between } from "../src/Calendar.ts"

interface Zone {
  readonly zone: string
  readonly from: number
  readonly to: number
  /** For each rule: how many slots, the digest of all, and those around clock changes; minutes since 1970. */
  readonly slots: ReadonlyArray<readonly [count: number, sha256: string, near: ReadonlyArray<number>]>
}

const minuteMs = 60_000
const text = readFileSync(new URL("oracle/oracle.jsonl", import.meta.url), "utf8")
const [head, ...zones] = text.trim().split("\n").map((line) => JSON.parse(line))
const rules: ReadonlyArray<Record<string, unknown>> = head.rules

const iso = (minutes: Iterable<number>) => Array.from(minutes, (one) => new Date(one * minuteMs).toISOString())

describe("slots as Python's zoneinfo has them", () => {
  it("covers 20 zones and at least 50 rules", () => {
    assert.strictEqual(zones.length, 20)
    assert.isAtLeast(rules.length, 50)
  })

  for (const { from, slots, to, zone } of zones as ReadonlyArray<Zone>) {
    it(zone, () => {
      rules.forEach((fields, nth) => {
        const [count, sha256, near] = slots[nth]!
        const rule = { ...fields, timezone: zone } as Rule
        const ours = between(rule, from * minuteMs, to * minuteMs, Infinity).map((slot) => slot / minuteMs)
        const named = `${JSON.stringify(fields)} in ${zone}`
        if (createHash("sha256").update(ours.join(",")).digest("hex").slice(0, 32) === sha256) return
        // What differs, as far as it can be told in words.
        const have = new Set(ours)
        assert.deepStrictEqual(iso(near.filter((slot) => !have.has(slot))), [], `${named}: missing`)
        assert.strictEqual(ours.length, count, `${named}: how many`)
        assert.fail(`${named}: other slots`)
      })
    })
  }
})
