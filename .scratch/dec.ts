import { DateTime, Effect, Option, Schema, SchemaTransformation } from "effect"
import * as JIT from "effect/schema/SchemaJITCompiler"
import { TrialRow } from "../services/hiring/src/Trials/Row.ts"
const now = new Date()
const raw = {
  trial_id: "TRL-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11",
  agent_id: "trading.delta_futures.v1",
  customer_name: "Asha Rao",
  customer_email: "asha@example.com",
  company: "Smile Dental",
  phone: null,
  start_date: now,
  end_date: now,
  status: "active",
  customer_id: "bench-1",
  created_at: now,
  updated_at: now,
}
const time = (name: string, n: number, f: () => unknown) => {
  for (let i = 0; i < n / 4; i++) f()
  let best = Infinity
  for (let r = 0; r < 7; r++) {
    const b = performance.now()
    for (let i = 0; i < n; i++) f()
    best = Math.min(best, (performance.now() - b) / n * 1000)
  }
  console.log(name.padEnd(40), best.toFixed(2), "us")
}
const { start_date: a, end_date: b, created_at: c, updated_at: d, ...rest } = TrialRow.fields
const noDates = Schema.decodeUnknownSync(Schema.Struct(rest))
const all = Schema.decodeUnknownSync(TrialRow)
const strings = Schema.decodeUnknownSync(Schema.Struct({ customer_name: Schema.String, company: Schema.String }))
const one = Schema.decodeUnknownSync(Schema.DateTimeUtcFromDate)
const Fast = Schema.Date.pipe(
  Schema.decodeTo(
    Schema.DateTimeUtc,
    SchemaTransformation.transform({
      decode: (d: Date) => DateTime.makeUnsafe(d.getTime()),
      encode: (t: DateTime.Utc) => new Date(t.epochMilliseconds),
    }),
  ),
)
const fast = Schema.decodeUnknownSync(Fast)
const id = Schema.decodeUnknownSync(TrialRow.fields.trial_id)
for (let r = 0; r < 2; r++) {
  time("all", 4000, () => all(raw))
  time("no dates", 4000, () => noDates(raw))
  time("two strings", 4000, () => strings(raw))
  time("trial id", 4000, () => id(raw.trial_id))
  time("one date", 4000, () => one(now))
  time("one date, own", 4000, () => fast(now))
  time("makeUnsafe(ms)", 10000, () => DateTime.makeUnsafe(now.getTime()))
  time("makeUnsafe(date)", 10000, () => DateTime.makeUnsafe(now))
}
