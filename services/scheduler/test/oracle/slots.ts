/**
 * A program: for each zone and rule of oracle.jsonl, how many slots the calendar has and the digest of all of them, as JSON.
 * Apart from the test that asks, since what runs in vitest is instrumented, and these are millions of slots.
 */
import type { Rule } from "@stint/domain/Schedule"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { between } from "../../src/Calendar.ts"

const minuteMs = 60_000
const text = readFileSync(new URL("oracle.jsonl", import.meta.url), "utf8")
const [head, ...zones] = text.trim().split("\n").map((line) => JSON.parse(line))

const digests = (zones as ReadonlyArray<{ readonly zone: string; readonly from: number; readonly to: number }>).map(
  ({ from, to, zone }) =>
    (head.rules as ReadonlyArray<object>).map((fields) => {
      const slots = between({ ...fields, timezone: zone } as Rule, from * minuteMs, to * minuteMs, Infinity)
      const minutes = slots.map((slot) => slot / minuteMs).join(",")
      return [slots.length, createHash("sha256").update(minutes).digest("hex").slice(0, 32)]
    }),
)
console.log(JSON.stringify(digests))
