/** Keyset paging: a cursor is the last row's key, opaque to the caller. */
import { InvalidRequest } from "@stint/domain/Problem"
import { Effect, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"

/** How many items a page has unless the caller says (api.md, "Lists": up to 200). */
export const DEFAULT_LIMIT = 50

/** Which page a caller asks for: the one after `cursor` (the first without), of at most `limit` items. */
export interface PageQuery {
  readonly cursor?: string
  readonly limit?: number
}

/** A page of a list; `next_cursor` is null on the last one. */
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly next_cursor: string | null
}

/** The rows of a list that a repo is asked for: those after the key `after` (from the first without), at most `limit`. */
export interface Stretch<Key> {
  readonly after: Key | undefined
  readonly limit: number
}

/** U+0000, bare or escaped, which Postgres can't hold in a text. */
const nul = /\0|\\u0000/

/** Decodes a cursor that `pageOf` made; any other text fails with InvalidRequest (400). */
export const decodeCursor = <S extends Schema.Codec<unknown, unknown>>(key: S) => {
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(key))
  return (cursor: string | undefined): Effect.Effect<S["Type"] | undefined, InvalidRequest> => {
    if (cursor === undefined) return Effect.succeed(undefined)
    const text = Base64Url.decodeString(cursor)
    const refused = new InvalidRequest({
      detail: "The cursor is not one of this list",
      errors: [{ path: "query.cursor", message: "must be the next_cursor of the page before" }],
    })
    return Result.isFailure(text) || nul.test(text.success)
      ? Effect.fail(refused)
      : Effect.mapError(decode(text.success), () => refused)
  }
}

/** The page of `limit` items out of rows asked for with `limit + 1`: one row more says that there is a next page. */
export const pageOf = <A, K>(rows: ReadonlyArray<A>, limit: number, keyOf: (last: A) => K): Page<A> => {
  const items = rows.slice(0, limit)
  const next = rows.length > limit ? Base64Url.encode(JSON.stringify(keyOf(items.at(-1)!))) : null
  return { items, next_cursor: next }
}
