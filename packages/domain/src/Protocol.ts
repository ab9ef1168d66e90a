/** What every API of ours has in common: how bodies, keys, lists and instants look (api.md, "Conventions"). */
import { Context, Schema, SchemaTransformation } from "effect"
import { HttpApi, HttpApiMiddleware, HttpApiSchema } from "effect/http-api"
import { Model } from "effect/schema"
import type { CurrentCaller } from "./Caller.ts"
import {
  BodyTooLarge,
  IdempotencyInFlight,
  IdempotencyMismatch,
  InvalidRequest,
  NotFound,
  UnsupportedMediaType,
} from "./Problem.ts"

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|\+00:00)$/

/** A day that is in the calendar (the 30th of February is not), of a year that Postgres and people can tell. */
const isInstant = (text: string): boolean => {
  const found = rfc3339.exec(text)
  if (found === null) return false
  const [year, month, day] = [Number(found[1]), Number(found[2]) - 1, Number(found[3])]
  const date = new Date(Date.UTC(year, month, day))
  return year >= 1970 && date.getUTCMonth() === month && date.getUTCDate() === day
}

/** An instant on the wire: RFC 3339 in UTC with milliseconds, 1970 to 9999; nothing is guessed or moved. */
export const Instant = Schema.String.annotate({
  description: "An instant in UTC (RFC 3339)",
  format: "date-time",
  // of the text, which is what the documents show; before the check, which JSON Schema can't say and so drops
  examples: ["2026-03-01T09:00:00.000Z"],
}).check(
  Schema.makeFilter((text: string) =>
    isInstant(text) || "must be an RFC 3339 instant in UTC, as 2026-03-01T09:00:00.000Z"
  ),
).pipe(Schema.decodeTo(Schema.DateTimeUtcFromString))

/** An instant with both faces: `timestamptz` in a row, RFC 3339 on the wire. */
export const InstantField = Model.Field({
  select: Schema.DateTimeUtcFromDate,
  insert: Schema.DateTimeUtcFromDate,
  json: Instant,
})

/** As `InstantField`, or null. */
export const NullableInstantField = Model.Field({
  select: Schema.NullOr(Schema.DateTimeUtcFromDate),
  insert: Schema.NullOr(Schema.DateTimeUtcFromDate),
  json: Schema.NullOr(Instant),
})

/** Free text of a person: at most `max` characters. */
export const text = (max: number) => Schema.String.check(Schema.isMaxLength(max))

/** A pace: how many runs may start a minute, 1 to 100,000. */
export const PerMinute = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000 })).annotate({
  description: "How many runs may start a minute, spread evenly",
})

/** A JSON object whose shape an agent type's definition decides, not this contract. */
export const JsonObject = Schema.Record(Schema.String, Schema.Json)
export type JsonObject = typeof JsonObject.Type

/** The body of a call that needs nothing: `{}`, or no body at all. (An empty struct would take any fields.) */
export const NoFields = Schema.Record(Schema.String, Schema.Never.annotate({ message: "no such field" }))

/** A key that makes a request safe to repeat: bare or quoted, 1 to 255 visible ASCII; decodes to what is in the quotes. */
export const IdempotencyKey = Schema.String.annotate({
  description: "Makes the request safe to repeat; bare or quoted, 1 to 255 visible ASCII characters",
}).pipe(
  Schema.decodeTo(
    Schema.String.check(
      Schema.isPattern(/^[\x21\x23-\x7e]{1,255}$/, {
        message: "must be 1 to 255 visible ASCII characters, bare or in quotes",
      }),
    ),
    SchemaTransformation.transform({
      decode: (given) => /^".*"$/.test(given) ? given.slice(1, -1) : given,
      encode: (key) => key,
    }),
  ),
)

/** The header of an endpoint that honours an Idempotency-Key. */
export const IdempotencyHeader = Schema.Struct({ "idempotency-key": Schema.optionalKey(IdempotencyKey) })

/** The header of an endpoint that does nothing without one. */
export const RequiredIdempotencyHeader = Schema.Struct({ "idempotency-key": IdempotencyKey })

/** Annotation of an endpoint whose handler keeps replies by key itself, for as long as the row they made lives. */
export class KeepsReplies extends Context.Service<KeepsReplies, true>()("stint/KeepsReplies") {}

/**
 * Annotation of an endpoint whose 202 is not its last word: that reply is not kept under the Idempotency-Key. A repeated
 * request is handled again and is answered with the state of then; the handler recognises it by the ids derived from the key.
 */
export class InterimReplies extends Context.Service<InterimReplies, true>()("stint/InterimReplies") {}

/** A whole number in a query, in plain digits. */
export const wholeNumber = (minimum: number, maximum: number) =>
  Schema.String.annotate({ description: `A whole number, ${minimum} to ${maximum}` })
    .check(Schema.isPattern(/^\d{1,9}$/, { message: `must be a whole number, ${minimum} to ${maximum}` }))
    .pipe(
      Schema.decodeTo(
        Schema.FiniteFromString.check(
          Schema.isBetween({ minimum, maximum }, { message: `must be a whole number, ${minimum} to ${maximum}` }),
        ),
      ),
    )

/** Keyset paging: where to go on (`next_cursor` of the page before) and how many, at most 200. */
export const Page = {
  cursor: Schema.optionalKey(Schema.String.annotate({ description: "The `next_cursor` of the page before" })),
  limit: Schema.optionalKey(wholeNumber(1, 200)),
}

/**
 * The 201 of something that was made: the thing itself, and where it is from now on. Beside a plain 200 it stands second:
 * an answer without headers is encoded by the first schema that takes it.
 */
export const created = <S extends Schema.Top>(schema: S) =>
  HttpApiSchema.WithHeaders(schema.pipe(HttpApiSchema.status(201)), { location: Schema.String })

/** A page of a list. */
export const listOf = <S extends Schema.Top>(item: S) =>
  Schema.Struct({ items: Schema.Array(item), next_cursor: Schema.NullOr(Schema.String) })

/** Refuses what does not decode: 404 for a path, 400 with every fault's JSON path for the rest. */
export class RequestProblems extends HttpApiMiddleware.Service<RequestProblems>()("stint/RequestProblems", {
  error: [InvalidRequest, NotFound],
}) {}

/** Reads the body within its limits; refuses broken UTF-8, NUL, lone surrogates, depth and what is not JSON. */
export class BodyLimits extends HttpApiMiddleware.Service<BodyLimits>()("stint/BodyLimits", {
  error: [BodyTooLarge, UnsupportedMediaType, InvalidRequest],
}) {}

/** Replays the kept reply of an Idempotency-Key; a first use runs once. */
export class Idempotency
  extends HttpApiMiddleware.Service<Idempotency, { requires: CurrentCaller }>()("stint/Idempotency", {
    error: [IdempotencyInFlight, IdempotencyMismatch, InvalidRequest],
  }) {}

/**
 * How every API of ours decodes: unknown keys of a body or query are refused, and every fault is named, not the first
 * alone. Headers keep the defaults, since requests carry many that no contract names.
 */
export const strict = Context.make(HttpApi.PayloadParseOptions, { errors: "all", onExcessProperty: "error" }).pipe(
  Context.add(HttpApi.QueryParseOptions, { errors: "all", onExcessProperty: "error" }),
)
