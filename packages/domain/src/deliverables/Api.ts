/** The contract of deliverables: drafts, reviews, executions, and the files of trials. */
import { actionLogGroup } from "../ActionLog.ts"
import { documentOf } from "../Document.ts"
import { DeliverablesGroup } from "./Deliverables.ts"
import { DeliveriesGroup } from "./Deliveries.ts"
import { DraftsGroup } from "./Drafts.ts"
import { ExecutionsGroup } from "./Executions.ts"
import { serviceApi } from "../ServiceApi.ts"
import { MakingsGroup } from "./Makings.ts"
import { MandatesGroup } from "./Mandates.ts"
import { NoticesGroup } from "./Notices.ts"
import { ReportsGroup } from "./Reports.ts"
import { ReviewersGroup } from "./Reviewers.ts"
import { ReviewsGroup } from "./Reviews.ts"
import { RevisionsGroup } from "./Revisions.ts"
import { TrialDeliverablesGroup } from "./TrialDeliverables.ts"

/** Deliverables' API. */
export class DeliverablesApi extends serviceApi(
  "deliverables",
  actionLogGroup("deliverables"),
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
  .annotateMerge(
    documentOf({ title: "Stint deliverables", description: "Drafts, approvals, executions." }),
  ) {}
