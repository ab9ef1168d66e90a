/** What the APIs of all services have in common. */
import { HttpApi, type HttpApiGroup } from "effect/http-api"
import { Authorization } from "./Caller.ts"
import { BodyLimits, Idempotency, RateLimits, RequestProblems, strict } from "./Protocol.ts"

/**
 * A service's API of these groups, with what every API adds to each: all of them make its contract. A client of another service is
 * derived from those that it calls: it loads neither the contracts of the others nor what would decode their answers, which
 * was a tenth of what a start of a service costs.
 */
export const serviceApi = <
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
