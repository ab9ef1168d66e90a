/** Errors on the wire: RFC 9457 problems with a stable `code` for programs (api.md, "Conventions"). */
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** One fault of a request or a document: its JSONPath, and what to change. */
export const FieldIssue = Schema.Struct({
  path: Schema.String.annotate({ examples: ["$.config.platforms_enabled[0]"] }),
  message: Schema.String,
})
export type FieldIssue = typeof FieldIssue.Type

/** How many faults are not named: an answer names 50 at most (domain.md, "Bounds"). Absent when all are named. */
export const ErrorsOmitted = Schema.Int.annotate({ description: "How many faults are not named", examples: [12] })

/** The faults of a request or a document: the first ones, and how many more there are. */
export const faultFields = {
  errors: Schema.Array(FieldIssue),
  errors_omitted: Schema.optionalKey(ErrorsOmitted),
}

const requestId = Schema.String.annotate({
  description: "The request, as the log has it",
  examples: ["01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11"],
})

/**
 * Declares a problem: `class X extends problem<X>()("X", { code, status, title }, fields) {}`. The class is a typed error
 * in the code and `application/problem+json` on the wire. The edge adds `request_id`.
 */
export const problem = <Self>() =>
<
  const Tag extends string,
  const Code extends string,
  const Status extends number,
  // deno-lint-ignore ban-types -- no fields: the struct's own way to say so
  const Fields extends Schema.Struct.Fields = {},
>(tag: Tag, declaration: { readonly code: Code; readonly status: Status; readonly title: string }, fields?: Fields) =>
  HttpApiError.Problem<Self>()(
    tag,
    {
      type: `urn:stint:problem:${declaration.code}` as `urn:stint:problem:${Code}`,
      status: declaration.status,
      title: declaration.title,
    },
    {
      code: Schema.tag(declaration.code),
      request_id: Schema.optionalKey(requestId),
      ...(fields ?? {}) as Fields,
    },
  )

/** Any problem as it is on the wire, for code that passes it on or reads its `code` and `status`. */
export const AnyProblem = Schema.Struct({
  type: Schema.String,
  title: Schema.String,
  status: Schema.Int,
  code: Schema.String,
  detail: Schema.optionalKey(Schema.String),
  request_id: Schema.optionalKey(requestId),
  errors: Schema.optionalKey(Schema.Array(FieldIssue)),
  errors_omitted: Schema.optionalKey(ErrorsOmitted),
})
export type AnyProblem = typeof AnyProblem.Type

/** 400: a body, parameter or header that does not decode. */
export class InvalidRequest extends problem<InvalidRequest>()("InvalidRequest", {
  code: "invalid_request",
  status: 400,
  title: "The request is not valid",
}, { errors: Schema.optionalKey(faultFields.errors), errors_omitted: faultFields.errors_omitted }) {}

/** 401: no token, or one that does not verify. */
export class Unauthorized extends problem<Unauthorized>()("Unauthorized", {
  code: "unauthorized",
  status: 401,
  title: "A valid bearer token is needed",
}) {}

/** 403: the token's role may not do this. */
export class WrongRole extends problem<WrongRole>()("WrongRole", {
  code: "wrong_role",
  status: 403,
  title: "Your role may not do this",
}, { allowed_roles: Schema.Array(Schema.String) }) {}

/** 403: the token's duties do not include what is asked for (domain.md, "People"). */
export class DutyMissing extends problem<DutyMissing>()("DutyMissing", {
  code: "duty_missing",
  status: 403,
  title: "The token's duties do not allow this",
}, { duty: Schema.String }) {}

/** 404: nothing is served at this path, or a parameter of it is ill-formed. */
export class NotFound extends problem<NotFound>()("NotFound", {
  code: "not_found",
  status: 404,
  title: "There is nothing here",
}) {}

/** 404: the customer is unknown, or is not the caller (domain.md, "Ownership"). */
export class CustomerNotFound extends problem<CustomerNotFound>()("CustomerNotFound", {
  code: "customer_not_found",
  status: 404,
  title: "There is no such customer",
}) {}

/** 413: a body over the limit. */
export class BodyTooLarge extends problem<BodyTooLarge>()("BodyTooLarge", {
  code: "body_too_large",
  status: 413,
  title: "The body is too large",
}) {}

/** 415: a body that is not JSON. */
export class UnsupportedMediaType extends problem<UnsupportedMediaType>()("UnsupportedMediaType", {
  code: "unsupported_media_type",
  status: 415,
  title: "The body must be application/json",
}) {}

/** 409: a request with this Idempotency-Key is being handled. */
export class IdempotencyInFlight extends problem<IdempotencyInFlight>()("IdempotencyInFlight", {
  code: "idempotency_in_flight",
  status: 409,
  title: "A request with this Idempotency-Key is in flight",
}) {}

/** 422: the Idempotency-Key was used with another request. */
export class IdempotencyMismatch extends problem<IdempotencyMismatch>()("IdempotencyMismatch", {
  code: "idempotency_mismatch",
  status: 422,
  title: "This Idempotency-Key was used with another request",
}) {}

/** 429: more than a rate allows (Bounds.ts). Retry-After says when the next one may come. */
export class RateLimited extends problem<RateLimited>()("RateLimited", {
  code: "rate_limited",
  status: 429,
  title: "Too many requests",
}) {}

/** 409: one more than a customer may have (Bounds.ts). Waiting does not help; what is not needed any more has to go. */
export class QuotaExceeded extends problem<QuotaExceeded>()("QuotaExceeded", {
  code: "quota_exceeded",
  status: 409,
  title: "There are as many as there may be",
}, { bound: Schema.String, limit: Schema.Int }) {}

/** 412: the thing is not as the caller's If-Match or If-None-Match says (RFC 9110 13.1). Nothing was changed. */
export class PreconditionFailed extends problem<PreconditionFailed>()("PreconditionFailed", {
  code: "precondition_failed",
  status: 412,
  title: "It is not as the request expects it",
}) {}

/** 503: a service or database that this service needs did not answer in time. A retry helps. */
export class Unavailable extends problem<Unavailable>()("Unavailable", {
  code: "unavailable",
  status: 503,
  title: "A service that is needed does not answer now",
}) {}

/** 500: what is stored of a thing, or of one that it needs, can't be read. A repetition does not help; lists go on without it. */
export class RowUnreadable extends problem<RowUnreadable>()("RowUnreadable", {
  code: "row_unreadable",
  status: 500,
  title: "A stored row can't be read",
}) {}

/** 500: a bug. The problem shows nothing of its cause; the log has it under the request id. */
export class InternalError extends problem<InternalError>()("InternalError", {
  code: "internal_error",
  status: 500,
  title: "Something broke on our side",
}) {}
