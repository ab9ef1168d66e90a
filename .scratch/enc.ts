import { Trial } from "@stint/domain/hiring/Trials"
import { listOf } from "@stint/domain/Protocol"
import { encoderOf } from "@stint/edge/Encoder"
import { DateTime, Schema, SchemaAST } from "effect"
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
  for (let r = 0; r < 5; r++) {
    const b = performance.now()
    for (let i = 0; i < n; i++) f()
    best = Math.min(best, (performance.now() - b) / n * 1000)
  }
  console.log(name.padEnd(40), best.toFixed(1), "us")
}
const decode = Schema.decodeUnknownSync(TrialRow)
const row = decode(raw)
const { customer_id: _, phone: __, ...wire } = row
const items = Array.from({ length: 20 }, () => ({ ...wire }))
const page = { items, next_cursor: null }
const enc = Schema.encodeSync(listOf(Trial))
const fast = encoderOf(Trial)
time("decode a row", 4000, () => decode(raw))
time("encode the page by schema + json", 500, () => JSON.stringify(enc(page as never)))
time("encoder + json", 500, () => JSON.stringify({ items: items.map(fast), next_cursor: null }))
time("json alone (toJSON)", 500, () => JSON.stringify(page))
time("formatIso", 20000, () => DateTime.formatIso(row.start_date))
time("date.toISOString", 20000, () => now.toISOString())
const row2 = Schema.Struct({ ...TrialRow.fields })
JIT.enable(row2.ast)
const dj = Schema.decodeUnknownSync(row2)
time("decode a row, JIT", 4000, () => dj(raw))
const l2 = listOf(Schema.Struct({ ...Trial.fields }))
JIT.enable(SchemaAST.flip(l2.ast))
JIT.enable(l2.ast)
const ej = Schema.encodeSync(l2)
time("encode page JIT + json", 500, () => JSON.stringify(ej(page as never)))
