/** Keyset paging: a cursor is the last row's key, opaque to the caller. */
import { InvalidRequest } from "@stint/domain/Problem"
import { Effect, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"

/** How many items a page has unless the caller says (api.md, "Lists": up to 200). */
export const DEFAULT_LIMIT = 50

/** U+0000, bare or escaped, which no key of ours has and no text of Postgres can hold. */
const nul = /\0|\\u0000/

/** Reads a cursor that `pageOf` wrote; a caller's invention is a 400. */
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

/** A page of `limit` out of rows that were asked for with one more than that, so that "is there more" costs nothing. */
export const pageOf = <A, K>(rows: ReadonlyArray<A>, limit: number, keyOf: (last: A) => K): {
  readonly items: ReadonlyArray<A>
  readonly next_cursor: string | null
} => {
  const items = rows.slice(0, limit)
  const next = rows.length > limit ? Base64Url.encode(JSON.stringify(keyOf(items.at(-1)!))) : null
  return { items, next_cursor: next }
}
