/** What all APIs share: instants, bodies, Idempotency-Keys, lists and the middlewares (api.md, "Conventions"). */
import { Context, DateTime, Effect, Schema, SchemaIssue, SchemaTransformation } from "effect"
import { HttpApi, HttpApiMiddleware, HttpApiSchema, OpenApi } from "effect/http-api"
import { PAGE_ITEMS, type Values } from "./Bounds.ts"
import type { CurrentCaller } from "./Caller.ts"
import { digits } from "./Document.ts"
import { instantOf, isoOf, LAST_INSTANT } from "./Instants.ts"
import {
  BodyTooLarge,
  type FieldIssue,
  IdempotencyInFlight,
  IdempotencyMismatch,
  InvalidRequest,
  NotFound,
  PreconditionFailed,
  RateLimited,
  UnsupportedMediaType,
} from "./Problem.ts"

// T and Z may be in lower case (RFC 3339, 5.6)
const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|\+00:00)$/i
const notInstant = "must be an RFC 3339 instant in UTC, 1970 to 9999 and no leap second, as 2026-03-01T09:00:00.000Z"

/** What is wrong with a text that is no instant: in a URL, a `+` that is not escaped arrives as a space. */
const instantFault = (text: string): string =>
  isInstant(text.replace(/ (?=\d{2}:\d{2}$)/, "+"))
    ? `${notInstant}; in a URL write the + of +00:00 as %2B`
    : notInstant

/** A day that exists (not the 30th of February), in the years 1970 to 9999. */
const isInstant = (text: string): boolean => {
  const found = rfc3339.exec(text)
  if (found === null) return false
  const [year, month, day] = [Number(found[1]), Number(found[2]) - 1, Number(found[3])]
  const date = new Date(Date.UTC(year, month, day))
  return year >= 1970 && date.getUTCMonth() === month && date.getUTCDate() === day
}

/**
 * An instant on the wire: RFC 3339 in UTC, 1970 to 9999. Other offsets are refused, not converted. One step of the codec does
 * it all, since a page of a list has a hundred of them: what is written is judged by its number, not read back.
 */
export const Instant = Schema.String.annotate({
  description: "An instant in UTC (RFC 3339)",
  format: "date-time",
  examples: ["2026-03-01T09:00:00.000Z"],
}).pipe(
  Schema.decodeTo(
    Schema.DateTimeUtc,
    SchemaTransformation.transformEffect<DateTime.Utc, string>({
      decode: (text, options) =>
        isInstant(text)
          ? Effect.succeed(instantOf(Date.parse(text.toUpperCase())))
          : Effect.fail(new SchemaIssue.InvalidValue({ message: instantFault(text) }, text, options)),
      encode: (at, options) =>
        at.epochMilliseconds >= 0 && at.epochMilliseconds <= LAST_INSTANT
          ? Effect.succeed(isoOf(at.epochMilliseconds))
          : Effect.fail(new SchemaIssue.InvalidValue({ message: notInstant }, at, options)),
    }),
  ),
)

/** Free text of at most `max` characters. */
export const text = (max: number) => Schema.String.check(Schema.isMaxLength(max))

/** Why a person acts, for the action log: 3 to 1,000 characters without the blanks around them. */
export const Reason = Schema.String.annotate({
  description: "Why, for the action log; 3 to 1,000 characters",
  examples: ["exchange maintenance"],
}).pipe(
  Schema.decodeTo(
    Schema.String.check(
      Schema.makeFilter((text: string) =>
        ([...text].length >= 3 && [...text].length <= 1000) || "must say why, in 3 to 1,000 characters"
      ),
    ),
    SchemaTransformation.transform({ decode: (text) => text.trim(), encode: (text) => text }),
  ),
)

/** The check of a request that needs a `reason` unless it is a `dry_run`. */
export const reasonUnlessDry = Schema.makeFilter((
  { dry_run, reason }: { readonly dry_run?: boolean; readonly reason?: string },
) =>
  dry_run === true || reason !== undefined || { path: ["reason"], issue: "is required: it goes into the action log" }
)

/** How many runs may start a minute, 1 to 100,000. */
export const PerMinute = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000 })).annotate({
  description: "How many runs may start a minute, spread evenly",
})

/** A JSON object whose shape is set by the definition of an agent type, not by this contract. */
export const JsonObject = Schema.Record(Schema.String, Schema.Json)
export type JsonObject = typeof JsonObject.Type

/** The body of a call without fields: `{}`, or no body. (An empty Struct would accept any fields.) */
export const NoFields = Schema.Record(Schema.String, Schema.Never.annotate({ message: "no such field" }))

/** An Idempotency-Key: 1 to 255 visible ASCII characters, bare or quoted; decodes to the text without the quotes. */
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

/** The header of an endpoint that requires an Idempotency-Key. */
export const RequiredIdempotencyHeader = Schema.Struct({ "idempotency-key": IdempotencyKey })

/** The headers of an endpoint that reads or writes something with an ETag (RFC 9110 13.1). */
export const ConditionalHeaders = {
  "if-match": Schema.optionalKey(
    Schema.String.annotate({ description: "ETags: it is written only while it has one of them, else 412" }),
  ),
  "if-none-match": Schema.optionalKey(
    Schema.String.annotate({
      description: "ETags: a read is 304 while it has one of them; * makes only what is not there",
    }),
  ),
}

/** Annotation of an endpoint whose thing has an ETag: its rule judges the conditions, under the lock of what it writes. */
export class Tagged extends Context.Service<Tagged, true>()("stint/Tagged") {}

const etagHeader = {
  description: "The strong entity tag of what is shown; a reply that is kept for an Idempotency-Key has none",
  schema: { type: "string" },
}

// deno-lint-ignore no-explicit-any -- the document of any endpoint
const withEtag = (operation: Record<string, any>): Record<string, any> => ({
  ...operation,
  responses: Object.fromEntries(
    Object.entries<Record<string, unknown>>(operation.responses).map(([status, response]) => [
      status,
      /^20[012]$/.test(status)
        ? { ...response, headers: { ...response.headers as Record<string, unknown>, ETag: etagHeader } }
        : response,
    ]),
  ),
})

/** The annotations of such an endpoint, its ETag in the document included. */
export const tagged = Context.make(Tagged, true as const).pipe(Context.add(OpenApi.Transform, withEtag))

/** Annotation of an endpoint that the Idempotency middleware leaves alone: its handler recognises repeats by its rows. */
export class KeepsReplies extends Context.Service<KeepsReplies, true>()("stint/KeepsReplies") {}

/**
 * Annotation of an endpoint whose 202 is not its last word: that reply is not kept under the Idempotency-Key. A repeated
 * request is handled again and is answered with the state of then; the handler recognises it by the ids derived from the key.
 */
export class InterimReplies extends Context.Service<InterimReplies, true>()("stint/InterimReplies") {}

/**
 * Annotation of an endpoint whose work takes the Idempotency-Key and keeps its reply by its own transaction
 * (`Idempotency/WithWork.ts` of the edge): nothing is reserved before.
 */
export class KeptWithWork extends Context.Service<KeptWithWork, true>()("stint/KeptWithWork") {}

/**
 * Annotation of an endpoint that may wait long for a third party, and holds nothing meanwhile: it takes its turn among its
 * like (bound `executions_at_once`), not among the other writes of its customer.
 */
export class WaitsForOthers extends Context.Service<WaitsForOthers, true>()("stint/WaitsForOthers") {}

/** A whole number in a query, in digits; in the document an integer (`Document.ts`). */
export const wholeNumber = (minimum: number, maximum: number) =>
  Schema.String.annotate({ description: `A whole number, ${minimum} to ${maximum}`, format: digits })
    .check(Schema.isPattern(/^\d{1,9}$/, { message: `must be a whole number, ${minimum} to ${maximum}` }))
    .pipe(
      Schema.decodeTo(
        Schema.FiniteFromString.check(
          Schema.isBetween({ minimum, maximum }, { message: `must be a whole number, ${minimum} to ${maximum}` }),
        ),
      ),
    )

/** The query of a list: the cursor of the page before, and how many items, at most `PAGE_ITEMS`. */
export const pageQuery = {
  cursor: Schema.optionalKey(Schema.String.annotate({ description: "The `next_cursor` of the page before" })),
  limit: Schema.optionalKey(wholeNumber(1, PAGE_ITEMS)),
}

/**
 * A 201 with the created thing and its Location. In a list of success schemas it stands after a plain 200, since a reply
 * without headers is encoded by the first schema that accepts it.
 */
export const created = <S extends Schema.Top>(schema: S) =>
  HttpApiSchema.WithHeaders(schema.pipe(HttpApiSchema.status(201)), { location: Schema.String })

/** In a page: how many of its rows can't be read. They are left out; absent when there are none. */
export const unreadable = Schema.optionalKey(
  Schema.Int.annotate({ description: "How many rows of this page can't be read, and are left out" }),
)

/** A page of a list. */
export const listOf = <S extends Schema.Top>(item: S) =>
  Schema.Struct({ items: Schema.Array(item), next_cursor: Schema.NullOr(Schema.String), unreadable })

/** Answers what does not decode: 404 for a path parameter, else 400 with the JSONPath of every fault. */
export class RequestProblems extends HttpApiMiddleware.Service<RequestProblems>()("stint/RequestProblems", {
  error: [InvalidRequest, NotFound],
}) {}

/**
 * Annotation of an endpoint: the faults of size and count of a parsed body, judged before the body is decoded. It takes any
 * JSON, and skips what has not the shape that it judges.
 */
export class JudgedFirst extends Context.Service<
  JudgedFirst,
  (body: Schema.Json, bounds: Values) => ReadonlyArray<FieldIssue>
>()("stint/JudgedFirst") {}

/** Refuses bodies that are too large or too deep, are not JSON in UTF-8, or hold NUL or lone surrogates. */
export class BodyLimits extends HttpApiMiddleware.Service<BodyLimits>()("stint/BodyLimits", {
  error: [BodyTooLarge, UnsupportedMediaType, InvalidRequest],
}) {}

/** Bounds how often a caller may ask. Answers have RateLimit and RateLimit-Policy; past the rate 429 and Retry-After. */
export class RateLimits extends HttpApiMiddleware.Service<RateLimits, { requires: CurrentCaller }>()(
  "stint/RateLimits",
  { error: [RateLimited] },
) {}

/** Handles a request with an Idempotency-Key once, and answers repeats with its reply. */
export class Idempotency
  extends HttpApiMiddleware.Service<Idempotency, { requires: CurrentCaller }>()("stint/Idempotency", {
    error: [IdempotencyInFlight, IdempotencyMismatch, PreconditionFailed, InvalidRequest],
  }) {}

/**
 * How all APIs decode: unknown keys of a body or query are refused, and every fault is named. For headers the defaults
 * hold, since requests carry headers that no contract names.
 */
export const strict = Context.make(HttpApi.PayloadParseOptions, { errors: "all", onExcessProperty: "error" }).pipe(
  Context.add(HttpApi.QueryParseOptions, { errors: "all", onExcessProperty: "error" }),
)
