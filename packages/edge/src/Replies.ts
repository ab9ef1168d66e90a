/** Replies of handlers. */
import type { AnyProblem } from "@stint/domain/Problem"
import { Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiSchema } from "effect/http-api"

/** 201 with a Location header. */
export const madeAt = <A>(location: string, body: A) => HttpApiSchema.withHeaders({ body, headers: { location } })

/** A failure as the problem that stands in an answer for one item of many. */
export const problemOf = (
  { code, detail, status, title, type }: Omit<AnyProblem, "request_id" | "detail"> & { readonly detail?: string },
  request_id: string,
): AnyProblem => ({ type, title, status, code, request_id, ...(detail === undefined ? {} : { detail }) })

/** The JSON of a value by its schema, as an answer has it. */
export const encoded = <S extends Schema.Codec<object, unknown>>(schema: S): (value: S["Type"]) => string =>
  Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(schema)))

/**
 * The 200 of a value that never changes: it is encoded by its schema at the first time, and its bytes live as long as the
 * value itself.
 */
export const encodedOnce = <S extends Schema.Codec<object, unknown>>(schema: S) => {
  const encode = encoded(schema)
  const replies = new WeakMap<S["Type"], HttpServerResponse.HttpServerResponse>()
  return (value: S["Type"]): HttpServerResponse.HttpServerResponse => {
    const known = replies.get(value)
    if (known !== undefined) return known
    const reply = HttpServerResponse.text(encode(value), { contentType: "application/json" })
    replies.set(value, reply)
    return reply
  }
}
