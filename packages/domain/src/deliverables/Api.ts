/** The contract of deliverables: drafts, reviews, executions, and the files of trials. */
import { HttpApi, OpenApi } from "effect/http-api"
import { actionLogGroup } from "../ActionLog.ts"
import { Authorization } from "../Caller.ts"
import { DeliverablesGroup } from "./Deliverables.ts"
import { DraftsGroup } from "./Drafts.ts"
import { ExecutionsGroup } from "./Executions.ts"
import { BodyLimits, Idempotency, RateLimits, RequestProblems, strict } from "../Protocol.ts"
import { ReviewsGroup } from "./Reviews.ts"
import { TrialDeliverablesGroup } from "./TrialDeliverables.ts"

/** Deliverables' API. */
export class DeliverablesApi extends HttpApi.make("deliverables")
  .add(actionLogGroup("deliverables"))
  .add(DraftsGroup, DeliverablesGroup, ReviewsGroup, ExecutionsGroup, TrialDeliverablesGroup)
  .prefix("/api/v1")
  .middleware(Idempotency)
  .middleware(BodyLimits)
  .middleware(RateLimits)
  .middleware(Authorization)
  .middleware(RequestProblems)
  .annotateMerge(strict)
  .annotateMerge(
    OpenApi.annotations({ title: "Stint deliverables", version: "1", description: "Drafts, approvals, executions." }),
  ) {}
