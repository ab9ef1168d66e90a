/** The contract of deliverables: drafts, reviews, executions, and the files of trials. */
import { HttpApi } from "effect/http-api"
import { actionLogGroup } from "../ActionLog.ts"
import { documentOf } from "../Document.ts"
import { Authorization } from "../Caller.ts"
import { DeliverablesGroup } from "./Deliverables.ts"
import { DeliveriesGroup } from "./Deliveries.ts"
import { DraftsGroup } from "./Drafts.ts"
import { ExecutionsGroup } from "./Executions.ts"
import { BodyLimits, Idempotency, RateLimits, RequestProblems, strict } from "../Protocol.ts"
import { MakingsGroup } from "./Makings.ts"
import { MandatesGroup } from "./Mandates.ts"
import { NoticesGroup } from "./Notices.ts"
import { ReportsGroup } from "./Reports.ts"
import { ReviewersGroup } from "./Reviewers.ts"
import { ReviewsGroup } from "./Reviews.ts"
import { RevisionsGroup } from "./Revisions.ts"
import { TrialDeliverablesGroup } from "./TrialDeliverables.ts"

/** Deliverables' API. */
export class DeliverablesApi extends HttpApi.make("deliverables")
  .add(actionLogGroup("deliverables"))
  .add(
    DraftsGroup,
    DeliverablesGroup,
    ReviewsGroup,
    RevisionsGroup,
    ExecutionsGroup,
    DeliveriesGroup,
    MakingsGroup,
    MandatesGroup,
    ReportsGroup,
    ReviewersGroup,
    NoticesGroup,
    TrialDeliverablesGroup,
  )
  .prefix("/api/v1")
  .middleware(Idempotency)
  .middleware(BodyLimits)
  .middleware(RateLimits)
  .middleware(Authorization)
  .middleware(RequestProblems)
  .annotateMerge(strict)
  .annotateMerge(
    documentOf({ title: "Stint deliverables", description: "Drafts, approvals, executions." }),
  ) {}
