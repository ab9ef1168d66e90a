/** Turns what does not decode, and defects, into problems. The problem of a defect shows nothing of its cause. */
import { InternalError, InvalidRequest, NotFound, Unavailable } from "@stint/domain/Problem"
import { RequestProblems } from "@stint/domain/Protocol"
import { fieldIssues } from "@stint/domain/FieldIssues"
import { Cause, Effect, Layer } from "effect"
import { HttpServerRespondable } from "effect/http"
import { HttpApiError } from "effect/http-api"
import { isSqlUnavailable, postgresWords } from "./Pg/SqlErrors.ts"
import { RequestId } from "./RequestContext.ts"

const roots = { Params: "path", Query: "query", Headers: "header", Payload: "$", Body: "$", ResponseHeaders: "header" }

const undecoded = (error: HttpApiError.HttpApiSchemaError) => {
  // an ill-formed id is answered like an unknown one (api.md, "Ids")
  if (error.kind === "Params") return new NotFound({ detail: "The path names nothing that can exist" })
  const errors = fieldIssues(error.cause.issue, roots[error.kind])
  return new InvalidRequest({
    detail: errors.map(({ message, path }) => `${path} ${message}`).slice(0, 3).join("; "),
    errors,
  })
}

/** The layer of `RequestProblems`: 404 for a path, 400 with JSON paths, 503 for a database that is away, 500 for a bug. */
export const layer = Layer.succeed(RequestProblems, (httpEffect) =>
  Effect.catchCause(httpEffect, (cause) => {
    const failure = Cause.findErrorOption(cause)
    if (failure._tag === "Some") {
      const error: unknown = failure.value
      if (!HttpApiError.HttpApiSchemaError.is(error)) return Effect.failCause(cause)
      if (error.kind !== "Body" && error.kind !== "ResponseHeaders") {
        return HttpServerRespondable.toResponse(undecoded(error))
      }
    }
    if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
    const defect = Cause.squash(cause)
    if (isSqlUnavailable(defect)) {
      return Effect.andThen(
        Effect.logWarning(`the database can't do its part: ${postgresWords(defect)}`),
        HttpServerRespondable.toResponse(new Unavailable({ detail: "The database can't do its part now; try again" })),
      )
    }
    return Effect.gen(function* () {
      yield* Effect.logError("a request failed", cause).pipe(Effect.annotateLogs({ request_id: yield* RequestId }))
      return yield* HttpServerRespondable.toResponse(
        new InternalError({ detail: "It is logged under the request_id; trying again may help" }),
      )
    })
  }))
