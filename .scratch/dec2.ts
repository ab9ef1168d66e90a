import { DateTime, Effect, Result, Schema, SchemaIssue, SchemaTransformation } from "effect"
import { InstantColumn } from "@stint/domain/Instants"
const now = new Date()
const time = (name: string, n: number, f: () => unknown) => {
  for (let i = 0; i < n; i++) f()
  let best = Infinity
  for (let r = 0; r < 9; r++) {
    const b = performance.now()
    for (let i = 0; i < n; i++) f()
    best = Math.min(best, (performance.now() - b) / n * 1000)
  }
  console.log(name.padEnd(40), best.toFixed(2), "us")
}
const four = (c: Schema.Codec<any, any>) => Schema.decodeUnknownSync(Schema.Struct({ a: c, b: c, c: c, d: c }) as any)
const raw = { a: now, b: now, c: now, d: now }
const lib = four(Schema.DateTimeUtcFromDate), mine = four(InstantColumn)
// a declaration of its own: checks nothing of what it makes
const Utc = Schema.declare((u: unknown): u is DateTime.Utc => DateTime.isUtc(u as never))
const bare = four(InstantColumn as never)
const anyTo = four(
  Schema.Unknown.pipe(Schema.decodeTo(
    Schema.Unknown,
    SchemaTransformation.transform({
      decode: (d: any) => DateTime.makeUnsafe(d),
      encode: (t: any) => new Date(t.epochMilliseconds),
    }),
  )) as never,
)
const idt = four(
  Schema.Unknown.pipe(Schema.decodeTo(
    Schema.Unknown,
    SchemaTransformation.transform({ decode: (d: any) => d, encode: (t: any) => t }),
  )) as never,
)
const dates = four(Schema.Date as never)
const proto = DateTime.makeUnsafe(now)
for (let r = 0; r < 2; r++) {
  time("lib", 5000, () => lib(raw))
  time("InstantColumn", 5000, () => mine(raw))
  time("own declaration", 5000, () => bare(raw))
  time("unknown to unknown", 5000, () => anyTo(raw))
  time("identity transformation", 5000, () => idt(raw))
  time("dates", 5000, () => dates(raw))
  time(
    "4 makeUnsafe",
    5000,
    () => [DateTime.makeUnsafe(now), DateTime.makeUnsafe(now), DateTime.makeUnsafe(now), DateTime.makeUnsafe(now)],
  )
}
