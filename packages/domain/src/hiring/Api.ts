/** The contract of hiring, which decides whether an agent may run. */
import { actionLogGroup } from "../ActionLog.ts"
import { documentOf } from "../Document.ts"
import { CustomersGroup } from "./Customers.ts"
import { DefinitionsInUseGroup } from "./DefinitionsInUse.ts"
import { FeedGroup } from "./Feed.ts"
import { GoalsGroup } from "./Goals.ts"
import { HiresGroup } from "./Hires.ts"
import { serviceApi } from "../ServiceApi.ts"
import { SubscriptionsGroup } from "./Subscriptions.ts"
import { TrialsGroup } from "./Trials.ts"
import { TrialStatusGroup } from "./TrialStatus.ts"

/** Customers, subscriptions, hires, goals, trials, and the change feed. */
export class HiringApi extends serviceApi(
  "hiring",
  CustomersGroup,
  SubscriptionsGroup,
  HiresGroup,
  GoalsGroup,
  TrialStatusGroup,
  TrialsGroup,
  FeedGroup,
  DefinitionsInUseGroup,
  actionLogGroup("hiring"),
)
  .annotateMerge(
    documentOf({ title: "Stint hiring", description: "Who hired which agent, and its goals." }),
  ) {}
