/** The contract of hiring, which decides whether an agent may run. */
import { HttpApi } from "effect/http-api"
import { actionLogGroup } from "../ActionLog.ts"
import { documentOf } from "../Document.ts"
import { Authorization } from "../Caller.ts"
import { CustomersGroup } from "./Customers.ts"
import { DefinitionsInUseGroup } from "./DefinitionsInUse.ts"
import { FeedGroup } from "./Feed.ts"
import { GoalsGroup } from "./Goals.ts"
import { HiresGroup } from "./Hires.ts"
import { BodyLimits, Idempotency, RateLimits, RequestProblems, strict } from "../Protocol.ts"
import { SubscriptionsGroup } from "./Subscriptions.ts"
import { TrialsGroup } from "./Trials.ts"
import { TrialStatusGroup } from "./TrialStatus.ts"

/** Customers, subscriptions, hires, goals, trials, and the change feed. */
export class HiringApi extends HttpApi.make("hiring")
  .add(CustomersGroup, SubscriptionsGroup, HiresGroup, GoalsGroup, TrialStatusGroup, TrialsGroup, FeedGroup)
  .add(DefinitionsInUseGroup, actionLogGroup("hiring"))
  .prefix("/api/v1")
  .middleware(Idempotency)
  .middleware(BodyLimits)
  .middleware(RateLimits)
  .middleware(Authorization)
  .middleware(RequestProblems)
  .annotateMerge(strict)
  .annotateMerge(
    documentOf({ title: "Stint hiring", description: "Who hired which agent, and its goals." }),
  ) {}
