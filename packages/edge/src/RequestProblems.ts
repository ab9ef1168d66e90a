/** Turns what does not decode, and defects, into problems. The problem of a defect shows nothing of its cause. */
import { Bounds, type Values } from "@stint/domain/Bounds"
import {
  type FieldIssue,
  InternalError,
  InvalidRequest,
  NotFound,
  RowUnreadable,
  Unavailable,
} from "@stint/domain/Problem"
import { RequestProblems } from "@stint/domain/Protocol"
import { firstIssues, namedFaults } from "@stint/domain/FieldIssues"
import { Cause, Effect, Layer } from "effect"
import { HttpServerRequest, HttpServerRespondable } from "effect/http"
import { HttpApiError } from "effect/http-api"
import { whyUnread } from "./Pg/Rows.ts"
import { isSqlUnavailable, postgresWords } from "./Pg/SqlErrors.ts"
import { Facts, RequestId } from "./RequestContext.ts"
import { Traced } from "./Tracing.ts"
import { setAside } from "./Unreadable.ts"

const roots = { Params: "path", Query: "query", Headers: "header", Payload: "$", Body: "$", ResponseHeaders: "header" }

/** The most characters of a problem's `detail`. */
const DETAIL = 1_000

/** The same faults, as many and as long as an answer names them. */
const named = (all: ReadonlyArray<FieldIssue>, bounds: Values, before = 0) => {
  const { issues, omitted } = namedFaults(all, bounds)
  return { issues, ...(omitted + before === 0 ? {} : { errors_omitted: omitted + before }) }
}

/** A problem of the contract that names faults: `errors`, or `missing` of a hire. */
interface Naming {
  readonly detail?: string
  readonly errors?: ReadonlyArray<FieldIssue>
  readonly missing?: ReadonlyArray<FieldIssue>
  readonly errors_omitted?: number
}

/** The problem with its faults and its detail bounded; itself when they are. */
const bounded = <E>(problem: E, bounds: Values): E => {
  const { detail = "", errors, errors_omitted: before, missing } = problem as Naming
  const all = errors ?? missing
  if (!Array.isArray(all) && detail.length <= DETAIL) return problem
  const make = (problem as object).constructor as new (fields: object) => E
  const { issues, ...omitted } = named(Array.isArray(all) ? all : [], bounds, before)
  return new make({
    ...problem,
    ...(detail.length > DETAIL ? { detail: `${detail.slice(0, DETAIL - 1)}…`.toWellFormed() } : {}),
    ...(Array.isArray(errors) ? { errors: issues, ...omitted } : {}),
    ...(Array.isArray(missing) ? { missing: issues, ...omitted } : {}),
  })
}

const undecoded = (error: HttpApiError.HttpApiSchemaError, bounds: Values) => {
  // an ill-formed id is answered like an unknown one (api.md, "Ids")
  if (error.kind === "Params") return new NotFound({ detail: "The path names nothing that can exist" })
  const { issues, omitted } = firstIssues(error.cause.issue, roots[error.kind], bounds.faults)
  const { issues: errors, ...more } = named(issues, bounds, omitted)
  return new InvalidRequest({
    detail: errors.map(({ message, path }) => `${path} ${message}`).slice(0, 3).join("; "),
    errors,
    ...more,
  })
}

/**
 * The answer of an endpoint that met a stored row which its schema can't read, and that has nothing to show without it: a read,
 * or a write, of one thing. What lists several sets such a row aside (Pg/Rows.ts).
 */
const rowUnreadable = Effect.fnUntraced(function* ({ method, url }: HttpServerRequest.HttpServerRequest, why: string) {
  const path = url.split("?")[0]!
  const request_id = yield* RequestId
  yield* Effect.annotateLogs(setAside("answers", `${method} ${path}`, why), { request_id })
  return yield* HttpServerRespondable.toResponse(
    new RowUnreadable({
      detail:
        `What is stored of ${path}, or of what it needs, can't be read; it is logged, and trying again does not help`,
    }),
  )
})

/** Notes the trace of the request's own span: the audit names it. */
const nameTrace = Effect.gen(function* () {
  const facts = yield* Facts
  const span = yield* Effect.option(Effect.currentSpan)
  if (facts === undefined || span._tag === "None") return
  const { parent, traceId } = span.value
  facts.trace = { traceId, flags: "01", ...(parent._tag === "None" ? {} : { spanId: parent.value.spanId }) }
})

/**
 * The layer of `RequestProblems`: 404 for a path, 400 with JSON paths, 503 for a database that is away, 500 for a bug or a row
 * that can't be read.
 */
export const layer = Layer.effect(
  RequestProblems,
  Effect.map(
    Effect.zip(Bounds, Traced),
    ([bounds, isTraced]) => (httpEffect) =>
      Effect.catchCause(isTraced ? Effect.andThen(nameTrace, httpEffect) : httpEffect, (cause) => {
        const failure = Cause.findErrorOption(cause)
        if (failure._tag === "Some") {
          const error: unknown = failure.value
          if (!HttpApiError.HttpApiSchemaError.is(error)) return Effect.fail(bounded(failure.value, bounds))
          if (error.kind !== "Body" && error.kind !== "ResponseHeaders") {
            return HttpServerRespondable.toResponse(undecoded(error, bounds))
          }
        }
        if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
        const defect = Cause.squash(cause)
        if (isSqlUnavailable(defect)) {
          return Effect.andThen(
            Effect.logWarning(`the database can't do its part: ${postgresWords(defect)}`),
            HttpServerRespondable.toResponse(
              new Unavailable({ detail: "The database can't do its part now; try again" }),
            ),
          )
        }
        const unread = whyUnread(defect)
        if (unread !== undefined) {
          return HttpServerRequest.HttpServerRequest.use((request) => rowUnreadable(request, unread))
        }
        return Effect.gen(function* () {
          yield* Effect.logError("a request failed", cause).pipe(Effect.annotateLogs({ request_id: yield* RequestId }))
          return yield* HttpServerRespondable.toResponse(
            new InternalError({ detail: "It is logged under the request_id; trying again may help" }),
          )
        })
      }),
  ),
)
