import { Change, FeedPage } from "@stint/domain/hiring/Feed"
import { Option, Schema, SchemaAST } from "effect"
import * as JIT from "effect/schema/SchemaJITCompiler"
const change = (n: number) => ({
  type: "goal",
  goal_instance_id: `GOI-01934f6e-7c1a-7b3e-9a51-2f0c6d9b${1000 + n}`,
  hired_instance_id: "HAI-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11",
  version: n,
  changed_at: "2026-03-01T09:00:00.123Z",
  deleted: false,
  enabled: true,
  frequency: "daily",
  schedule: { at: "09:00" },
  default_at: null,
})
const text = JSON.stringify({ items: Array.from({ length: 1000 }, (_, n) => change(n)), cursor: "x" })
const time = (name: string, n: number, f: () => unknown) => {
  for (let i = 0; i < n; i++) f()
  let best = Infinity
  for (let r = 0; r < 7; r++) {
    const b = performance.now()
    for (let i = 0; i < n; i++) f()
    best = Math.min(best, (performance.now() - b) / n)
  }
  console.log(name.padEnd(40), best.toFixed(2), "us a change")
}
const dec = Schema.decodeUnknownSync(FeedPage)
const opt = Schema.decodeUnknownOption(Change)
time("JSON.parse", 5, () => JSON.parse(text))
const parsed = JSON.parse(text)
time("decode FeedPage", 5, () => dec(parsed))
time("check each change (hiring)", 5, () => parsed.items.filter((e: unknown) => Option.isSome(opt(e))))
const goal = Schema.decodeUnknownSync(Schema.Array(Change.members[0]))
time("decode as goals, no union", 5, () => goal(parsed.items))
JIT.enable(FeedPage.ast)
JIT.enable(Change.ast)
const dj = Schema.decodeUnknownSync(Schema.Struct({ ...FeedPage.fields, x: Schema.optionalKey(Schema.String) }))
const dj2 = Schema.decodeUnknownSync(Schema.Array(Schema.Union([...Change.members])))
time("decode, JIT", 5, () => dj(parsed))
time("decode union, JIT", 5, () => dj2(parsed.items))
time("stringify decoded", 5, () => JSON.stringify(dec(parsed)))
