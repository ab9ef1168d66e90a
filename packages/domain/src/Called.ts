/** What one service calls of another. */
import { HttpApi, type HttpApiGroup } from "effect/http-api"
import { Authorization } from "./Caller.ts"
import { BodyLimits, Idempotency, RateLimits, RequestProblems, strict } from "./Protocol.ts"

/**
 * These groups of a service's API alone, with what its API adds to each group. A client that is derived from them loads neither
 * the contracts of the other groups nor what would decode their answers: that was a tenth of what a start of a service costs.
 */
export const partOf = <
  const Id extends string,
  const Groups extends readonly [HttpApiGroup.Constraint, ...Array<HttpApiGroup.Constraint>],
>(
  id: Id,
  ...groups: Groups
) =>
  HttpApi.make(id)
    .add(...groups)
    .prefix("/api/v1")
    .middleware(Idempotency)
    .middleware(BodyLimits)
    .middleware(RateLimits)
    .middleware(Authorization)
    .middleware(RequestProblems)
    .annotateMerge(strict)
