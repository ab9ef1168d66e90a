/** The calendar against an independent one: every slot of 20 zones over 5 years (see oracle/make_oracle.py). */
import type { Rule } from "@stint/domain/Schedule"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
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

/** How many slots our calendar has for each zone and rule, and their digest; counted apart (oracle/slots.ts). */
const ours = async (): Promise<ReadonlyArray<ReadonlyArray<readonly [count: number, sha256: string]>>> => {
  const { stderr, stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", fileURLToPath(new URL("oracle/slots.ts", import.meta.url))],
  }).output()
  if (!success) throw new Error(new TextDecoder().decode(stderr))
  return JSON.parse(new TextDecoder().decode(stdout))
}

const iso = (minutes: Iterable<number>) => Array.from(minutes, (one) => new Date(one * minuteMs).toISOString())

describe("slots as Python's zoneinfo has them", () => {
  let digests: Awaited<ReturnType<typeof ours>>
  beforeAll(async () => {
    digests = await ours()
  }, 300_000)

  it("covers 20 zones and at least 50 rules", () => {
    assert.strictEqual(zones.length, 20)
    assert.isAtLeast(rules.length, 50)
  })

  it.each((zones as ReadonlyArray<Zone>).map((zone, nth) => ({ ...zone, nth })))(
    "$zone",
    ({ from, nth, slots, to, zone }) => {
      assert.strictEqual(digests[nth]!.length, rules.length)
      rules.forEach((fields, rule) => {
        const [count, sha256, near] = slots[rule]!
        const [have, digest] = digests[nth]![rule]!
        if (digest === sha256) return
        // What differs, as far as it can be told in words.
        const named = `${JSON.stringify(fields)} in ${zone}`
        const slotsOf = between({ ...fields, timezone: zone } as Rule, from * minuteMs, to * minuteMs, Infinity)
        const found = new Set(slotsOf.map((slot) => slot / minuteMs))
        assert.deepStrictEqual(iso(near.filter((slot) => !found.has(slot))), [], `${named}: missing`)
        assert.strictEqual(have, count, `${named}: how many`)
        assert.fail(`${named}: other slots`)
      })
    },
  )
})
