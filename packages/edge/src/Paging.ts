/** Keyset paging: a cursor is the last row's key, opaque to the caller. A page ends early where its bytes do. */
import { Bounds } from "@stint/domain/Bounds"
import { InvalidRequest } from "@stint/domain/Problem"
import { DateTime, Effect, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import { setAside } from "./Unreadable.ts"

/** How many items a page has unless the caller says (api.md, "Lists": up to 200). */
export const DEFAULT_LIMIT = 50

/** Which page a caller asks for: the one after `cursor` (the first without), of at most `limit` items. */
export interface PageQuery {
  readonly cursor?: string
  readonly limit?: number
}

/** A page of a list; `next_cursor` is null on the last one, `unreadable` counts the rows of it that can't be read. */
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly next_cursor: string | null
  readonly unreadable?: number
}

/** The rows of a list that a repo is asked for: those after the key `after` (from the first without), at most `limit`. */
export interface Stretch<Key> {
  readonly after: Key | undefined
  readonly limit: number
}

/** A row, with its key; without `row` it can't be read, and that was said (`setAside`). */
export interface Entry<A, Key> {
  readonly key: Key
  readonly row: A | undefined
}

/** Rows in their order, as `Pg/Rows.findReadable` takes them. */
export interface Taken<A, Key> {
  /** What the rows are, for the log. */
  readonly what: string
  readonly entries: ReadonlyArray<Entry<A, Key>>
  /** There are more rows: they were left out since the bytes of a page were used up. Ask again after the last key. */
  readonly more: boolean
}

/** The rows of `taken` that can be read. */
export const readable = <A, Key>({ entries }: Pick<Taken<A, Key>, "entries">): Array<A> =>
  entries.flatMap(({ row }) => row === undefined ? [] : [row])

/** Rows that were read in another way, each with its key. */
export const takenOf = <A, Key>(
  what: string,
  rows: ReadonlyArray<A>,
  keyOf: (row: A) => Key,
): Taken<A, Key> => ({ what, entries: rows.map((row) => ({ key: keyOf(row), row })), more: false })

/** An instant of a cursor, in epoch milliseconds: one that a timestamptz of ours can hold (years 1 to 9999). */
export const CursorMillis = Schema.Int.check(
  Schema.isBetween({ minimum: -62_135_596_800_000, maximum: 253_402_300_799_999 }),
)

/** An id of a cursor, by its prefix. */
export const cursorId = (prefix: string) =>
  Schema.String.check(Schema.isPattern(new RegExp(`^${prefix}-[\\x21-\\x7e]{1,128}$`)))

/** Any other text of a cursor. */
export const CursorText = Schema.String.check(Schema.isMaxLength(300))

/** 400: the cursor is none that the list which is asked for made. */
export const notOfThisList = new InvalidRequest({
  detail: "The cursor is not one of this list",
  errors: [{ path: "query.cursor", message: "must be the next_cursor of the page before" }],
})

/** Texts that stand in no row's key: empty (it would be page one), with U+0000 or a lone surrogate. */
const holdsOddText = (value: unknown): boolean =>
  typeof value === "string"
    ? value === "" || value.includes("\0") || !value.isWellFormed()
    : typeof value === "object" && value !== null && Object.values(value).some(holdsOddText)

/**
 * Decodes a cursor that `pageOf` made; any other text fails with InvalidRequest (400). `key` says what its values may be:
 * within what the columns can hold. What `pageOf` would have written in another way is not its cursor either.
 */
export const decodeCursor = <S extends Schema.Codec<unknown, unknown>>(key: S) => {
  const decode = Schema.decodeUnknownResult(Schema.fromJsonString(key), { onExcessProperty: "error" })
  const encode = Schema.encodeUnknownResult(key)
  return (cursor: string | undefined): Effect.Effect<S["Type"] | undefined, InvalidRequest> => {
    if (cursor === undefined) return Effect.succeed(undefined)
    const refused = Effect.fail(notOfThisList)
    const text = Base64Url.decodeString(cursor)
    if (Result.isFailure(text)) return refused
    const decoded = decode(text.success)
    if (Result.isFailure(decoded)) return refused
    const encoded = encode(decoded.success)
    return Result.isFailure(encoded) || holdsOddText(encoded.success) || cursorOf(encoded.success) !== cursor
      ? refused
      : Effect.succeed(decoded.success)
  }
}

/** The cursor of a key, for an answer that is no page of `pageOf`. */
export const cursorOf = (key: unknown): string => Base64Url.encode(JSON.stringify(key))

/** After how many bytes of a page other requests may go on: about two milliseconds. */
const STEP = 256 * 1024

/** What an answer has besides its items, and how much longer an item may be on the wire than its row, in bytes. */
const ENVELOPE = 16 * 1024
const ON_TOP = 512

const utf8 = new TextEncoder()

/** The bytes of an item, about as they are on the wire. */
const bytesOf = (item: unknown): number => utf8.encode(JSON.stringify(item) ?? "").length + ON_TOP

/** How deep a value may be whose bytes are bounded without writing it. */
const DEEP = 32

/**
 * At least the bytes of a value as JSON, without writing it: a character has at most six, an instant thirty. Infinity where
 * only writing it can tell.
 */
const mostBytesOf = (value: unknown, depth = 0): number => {
  if (typeof value === "string") return 6 * value.length + 2
  if (typeof value === "number") return 25
  if (value === null || value === undefined || typeof value === "boolean") return 5
  if (typeof value !== "object" || depth > DEEP) return Infinity
  if (DateTime.isDateTime(value)) return 30
  if ("toJSON" in value) return Infinity
  let bytes = 2
  if (Array.isArray(value)) { for (const item of value) bytes += mostBytesOf(item, depth + 1) + 1 }
  else for (const [key, below] of Object.entries(value)) bytes += 6 * key.length + 4 + mostBytesOf(below, depth + 1)
  return bytes
}

/**
 * The page of `limit` items out of rows asked for with `limit + 1`: one row more says that there is a next page. The page
 * ends early where its items are `answer_bytes` together. A row that can't be read, that `toItem` throws for, or that is
 * larger than an answer may be is left out and counted. Items are written to count their bytes only from where a bound of
 * them, which costs little, does not fit any more: most pages are far smaller than an answer may be.
 */
export const pageOf = Effect.fnUntraced(function* <A, Key, Item = A>(
  { entries, more, what }: Taken<A, Key>,
  limit: number,
  place: (key: Key) => unknown,
  toItem: (row: A) => Item = (row) => row as unknown as Item,
) {
  const room = (yield* Bounds).answer_bytes - ENVELOPE
  const items: Array<Item> = []
  let used = 0
  let unreadable = 0
  let last: Entry<A, Key> | undefined
  let full = false
  let measure = (item: unknown) => mostBytesOf(item) + ON_TOP
  /** Counts an item; whether other requests may go on now. */
  const count = (bytes: number): boolean => {
    const steps = Math.floor(used / STEP)
    used += bytes
    return Math.floor(used / STEP) > steps
  }
  const sized = (row: A) =>
    Result.try(() => {
      const item = toItem(row)
      return { item, bytes: measure(item) }
    })
  for (const entry of entries.slice(0, limit)) {
    if (entry.row === undefined) unreadable++
    else {
      let made = sized(entry.row)
      if (measure !== bytesOf && Result.isSuccess(made) && used + made.success.bytes > room) {
        measure = bytesOf
        used = 0
        for (const item of items) if (count(bytesOf(item))) yield* Effect.yieldNow
        made = sized(entry.row)
      }
      if (Result.isFailure(made) || made.success.bytes > room) {
        const why = Result.isFailure(made) ? "it can't be shown" : `it has ${made.success.bytes} bytes`
        yield* setAside(what, JSON.stringify(place(entry.key)), why)
        unreadable++
      } else if (used + made.success.bytes > room) {
        full = true
        break
      } else {
        items.push(made.success.item)
        if (count(made.success.bytes)) yield* Effect.yieldNow
      }
    }
    last = entry
  }
  const next_cursor = last !== undefined && (full || more || entries.length > limit) ? cursorOf(place(last.key)) : null
  const page: Page<Item> = { items, next_cursor, ...(unreadable === 0 ? {} : { unreadable }) }
  return page
})
