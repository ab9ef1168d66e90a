/** The fingerprint of a cause: what a message names does not change it, what it says does; SQL and program agree. */
import { assert, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Arbitrary, Effect, Schema } from "effect"
import { readFile } from "node:fs/promises"
import { testDatabase } from "../../../tests/support/Database.ts"
import { fingerprintOf } from "../src/Queue/Fingerprint.ts"

const of = (message: string, type = "unavailable") => fingerprintOf("TRANSIENT", { type, message })

/** Words of a message, and what a message names: the first must count, the second must not. */
const Words = Schema.Array(
  Schema.Literals(["the", "goal", "is", "gone", "UTF", "can't", "be", "hire's", "made:", "né"]),
)
const hex = "0123456789abcdef"
const Named = Schema.Struct({
  kind: Schema.Literals(["id", "uuid", "sha", "number", "instant", "quoted", "double", "tick", "url"]),
  digits: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 15 }))).check(
    Schema.isMinLength(40),
    Schema.isMaxLength(40),
  ),
})
const nameOf = ({ digits, kind }: typeof Named.Type): string => {
  const text = digits.map((digit) => hex[digit]).join("")
  const uuid = [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20, 32)].join(
    "-",
  )
  switch (kind) {
    case "id":
      return `GOI-${uuid}7`
    case "uuid":
      return uuid.replace(/./, "1")
    case "sha":
      return `9${text}`
    case "number":
      return String(digits[0]! * 1000 + digits[1]!)
    case "instant":
      return new Date(Date.UTC(2026, 0, 1) + digits.reduce((sum, digit) => sum * 16 + digit, 0) % 1e12).toISOString()
    case "quoted":
      return `'${text} o'`
    case "double":
      return `"${text} 'x'"`
    case "tick":
      return `\`${text}\``
    case "url":
      return `https://${text}.example/${uuid}?n=${text}`
  }
}
const Parts = Schema.Array(Schema.Struct({ words: Words, one: Named, other: Schema.Array(Schema.Int) }))

describe("fingerprintOf", () => {
  it("is 12 hexadecimal digits that stay what they are: they are stored", () => {
    assert.strictEqual(
      fingerprintOf("PERMANENT", { type: "draft_impossible", message: "no platform of GOI-0193-1 is enabled" }),
      "caa814e840b7",
    )
    assert.match(of(""), /^[0-9a-f]{12}$/)
  })

  it("is the same for the same cause of different goals", () => {
    const same: ReadonlyArray<ReadonlyArray<string>> = [
      ["no draft of GOI-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11", "no draft of GOI-01934f6e-7c1a-7b3e-9a51-000000000000"],
      ["took 31.5 s, 200 allowed", "took 7 s, 100 allowed"],
      ["slot 2026-03-01T09:00:00.000Z is taken", "slot 2027-11-30T23:59:59.999Z is taken"],
      ['no platform "x y"', 'no platform ""'],
      ["'youtube' can't be posted to", "'x' can't be posted to"],
      ["POST http://127.0.0.1:4100/api/v1/x broke", "POST https://deliverables:80/y?z=1 broke"],
      ["connect 10.0.0.1:5432", "connect 10.0.0.27:6543"],
      ["content 9f86d081884c7d65 differs", "content 00000000884c7d65aa differs"],
    ]
    for (const [one, other] of same) assert.strictEqual(of(one!), of(other!), one)
  })

  it("is another for another type, code or message", () => {
    const all = [
      fingerprintOf("PERMANENT", { type: "unavailable", message: "gone" }),
      of("gone"),
      of("gone", "timeout"),
      of("away"),
      of("gone: http_502", "http_502"),
      of("gone: http_502", "http_503"),
      of("can't a, won't b"),
      of("can't c, won't b"),
    ]
    assert.strictEqual(new Set(all).size, all.length)
  })

  it.prop(
    "what a message names does not change it",
    { parts: Arbitrary.schema(Parts), seed: Arbitrary.schema(Schema.Int) },
    ({ parts, seed }) => {
      const told = (shift: number) =>
        parts.flatMap(({ one, words }) => [
          ...words,
          nameOf({
            ...one,
            digits: one.digits.map((digit, nth) => (digit + shift * (nth + Math.abs(seed % 7) + 1)) % 16),
          }),
        ]).join(" ")
      assert.strictEqual(of(told(0)), of(told(1)))
      assert.strictEqual(of(told(0)), of(told(5)))
    },
  )

  const Code = Schema.String.check(Schema.isPattern(/^[a-z_]{1,20}$/))
  it.prop("another code is another cause", [Code, Code, Words], ([one, other, words]) => {
    if (one === other) return
    assert.notStrictEqual(of(words.join(" "), one), of(words.join(" "), other))
  })

  it.prop("other words are another cause", [Words, Words], ([one, other]) => {
    if (one.join(" ") === other.join(" ")) return
    assert.notStrictEqual(of(one.join(" ")), of(other.join(" ")))
  })
})

describe("script 170", () => {
  const script = new URL("../../../sql/scheduler/170_dead_letter_cause.up.sql", import.meta.url)
  it.live("gives old entries the fingerprint that the program would give them", () =>
    Effect.gen(function* () {
      const text = yield* Effect.promise(() => readFile(script, "utf8"))
      const statement = (from: string, to: string) => {
        const start = text.indexOf(from)
        return text.slice(start, text.indexOf(to, start) + to.length)
      }
      const sql = yield* PgClient.PgClient
      const parts = yield* Arbitrary.sampleEffect(Arbitrary.schema(Parts), { count: 300 })
      const messages = [
        "",
        "no: colons: matter",
        "a\ttab and a\nline",
        "é 😀 é",
        "un\"closed and 'this",
        ...parts.map((all) => all.flatMap(({ one, words }) => [...words, nameOf(one)]).join(" ")),
      ]
      yield* sql.withTransaction(Effect.gen(function* () {
        yield* sql`insert into scheduler_dlq (dlq_id, goal_instance_id, hired_instance_id, fingerprint, error_type,
            error_message, first_failed_at, last_failed_at, expires_at)
          select 'DLQ-' || nth, 'GOI-' || nth, 'HAI-1', 'none', 'TRANSIENT', 'http_502: ' || message, now(), now(), now()
          from unnest(${messages}::text[]) with ordinality as x (message, nth)`
        yield* sql.unsafe(statement("create function pg_temp", "$body$;")).unprepared
        yield* sql.unsafe(statement("update scheduler_dlq", ";")).unprepared
      }))
      const rows = yield* sql<{ fingerprint: string }>`
        select fingerprint from scheduler_dlq order by substr(dlq_id, 5)::int`
      assert.deepStrictEqual(rows.map((row) => row.fingerprint), messages.map((message) => of(message, "http_502")))
    }).pipe(Effect.provide(testDatabase("scheduler", { as: "owner" }))))
})
