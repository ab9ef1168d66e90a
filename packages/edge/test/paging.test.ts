/** Pages end where their bytes do, and take no cursor but their own (domain.md, "Bounds"; api.md, "Lists"). */
import { Bounds, defaults } from "@stint/domain/Bounds"
import { Instant } from "@stint/domain/Protocol"
import { cursorId, CursorMillis, decodeCursor, pageOf, type Taken, takenOf } from "@stint/edge/Paging"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Exit, Schema } from "effect"
import { Base64Url } from "effect/encoding"

const things = (count: number, content: string) =>
  takenOf(
    "things",
    Array.from({ length: count }, (_, n) => ({ id: `THG-${n}`, content })),
    ({ id }) => id,
  )

/** All items of a list, page by page, and the largest page. */
const crawl = Effect.fnUntraced(function* (all: Taken<{ readonly id: string; readonly content: string }, string>) {
  const after = decodeCursor(cursorId("THG"))
  const ids: Array<string> = []
  let largest = 0
  let cursor: string | undefined
  do {
    const key: string | undefined = yield* after(cursor)
    const start = key === undefined ? 0 : all.entries.findIndex((entry) => entry.key === key) + 1
    const page = yield* pageOf({ ...all, entries: all.entries.slice(start, start + 201) }, 200, (id) => id)
    largest = Math.max(largest, JSON.stringify(page).length)
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  return { ids, largest }
})

describe("a page", () => {
  it.effect("A4: is never larger than an answer may be, and the next one goes on where it ended", () =>
    Effect.gen(function* () {
      for (const [count, bytes] of [[500, 10], [300, 20_000], [7, 1_500_000]] as const) {
        const { ids, largest } = yield* crawl(things(count, "x".repeat(bytes)))
        assert.deepStrictEqual(ids, Array.from({ length: count }, (_, n) => `THG-${n}`))
        assert.isAtMost(largest, defaults.answer_bytes)
      }
    }))

  it.effect("A2: leaves out what can't be shown or is larger than an answer, says how many, and goes on", () =>
    Effect.gen(function* () {
      const rows = [
        { id: "THG-1", content: "a" },
        { id: "THG-2", content: "x".repeat(3_000_000) },
        { id: "THG-3", content: "bad" },
        { id: "THG-4", content: "b" },
      ]
      const taken = takenOf("things", rows, ({ id }) => id)
      const toItem = (row: (typeof rows)[number]) => {
        if (row.content === "bad") throw new Error("no draft")
        return row
      }
      const all = yield* pageOf(taken, 10, (id) => id, toItem)
      assert.deepStrictEqual(all, { items: [rows[0]!, rows[3]!], next_cursor: null, unreadable: 2 })
      const part = yield* pageOf(taken, 3, (id) => id, toItem)
      assert.deepStrictEqual(part.items, [rows[0]!])
      assert.strictEqual(part.next_cursor, Base64Url.encode('"THG-3"'))
      const none = yield* pageOf({ ...taken, entries: [{ key: "THG-9", row: undefined }] }, 1, (id) => id)
      assert.deepStrictEqual(none, { items: [], next_cursor: null, unreadable: 1 })
    }))

  it.effect("A4: ends early by the bound that is set", () =>
    Effect.gen(function* () {
      const page = yield* pageOf(things(10, "x".repeat(1_000)), 10, (id) => id).pipe(
        Effect.provideService(Bounds, { ...defaults, answer_bytes: 20_000 }),
      )
      assert.lengthOf(page.items, 2)
      assert.isNotNull(page.next_cursor)
    }))
})

describe("a cursor", () => {
  const place = decodeCursor(Schema.Tuple([CursorMillis, cursorId("SCH")]))
  const age = decodeCursor(Schema.Struct({ created_at: Instant, id: cursorId("GOI") }))
  const refused = (given: Effect.Effect<unknown, unknown>) =>
    Effect.map(Effect.exit(given), (exit) => Exit.isFailure(exit))

  it.effect("is read back as it was written", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* place(undefined), undefined)
      assert.deepStrictEqual(yield* place(Base64Url.encode('[1782900000000,"SCH-1"]')), [1782900000000, "SCH-1"])
      const at = Base64Url.encode('{"created_at":"2026-03-01T09:00:00.000Z","id":"GOI-1"}')
      assert.strictEqual(DateTime.formatIso((yield* age(at))!.created_at), "2026-03-01T09:00:00.000Z")
    }))

  it.effect("D3: that is not one of this list is refused, and is never page one", () =>
    Effect.gen(function* () {
      const texts = [
        '[1e300,"SCH-1"]',
        '[9e18,"SCH-1"]',
        '[1e15,"SCH-1"]',
        '[253402300800000,"SCH-1"]',
        '[1.5,"SCH-1"]',
        '["1","SCH-1"]',
        '[null,"SCH-1"]',
        "[NaN,1]",
        '[1,""]',
        '[1,"SCH-"]',
        '[1,"LOG-1"]',
        '[1,"SCH-\\u0000"]',
        '[1,"SCH-\\ud800"]',
        '[1,"SCH-1",2]',
        '[1, "SCH-1"]',
        "[1]",
        "[]",
        "{}",
        "null",
        '""',
        "",
        "1",
        `[1,"SCH-${"x".repeat(200)}"]`,
      ]
      for (const text of texts) assert.isTrue(yield* refused(place(Base64Url.encode(text))), text)
      for (const odd of ["%", "*", "====", "a", "é", `${Base64Url.encode('[1,"SCH-1"]')}==`]) {
        assert.isTrue(yield* refused(place(odd)), odd)
      }
      const ages = [
        '{"created_at":"2026-03-01T09:00:00Z","id":"GOI-1"}',
        '{"created_at":"20260-03-01T09:00:00.000Z","id":"GOI-1"}',
        '{"created_at":"infinity","id":"GOI-1"}',
        '{"id":"GOI-1","created_at":"2026-03-01T09:00:00.000Z"}',
        '{"created_at":"2026-03-01T09:00:00.000Z","id":"GOI-1","more":1}',
        '{"created_at":"2026-03-01T09:00:00.000Z"}',
      ]
      for (const text of ages) assert.isTrue(yield* refused(age(Base64Url.encode(text))), text)
    }))
})
