/**
 * The action logs of catalog, hiring and deliverables: what operators did there to what is a customer's, or everybody's, and
 * what the system did (domain.md, "Audit"). The scheduler's is in scheduler/ActionLog.ts; the lines have one shape.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { ActionLine } from "./ActionLine.ts"
import { Access } from "./Caller.ts"
import { InvalidRequest } from "./Problem.ts"
import { listOf, pageQuery } from "./Protocol.ts"

/** What is recorded, by the service that does it. */
export const actions = {
  catalog: ["publish"],
  hiring: [
    "activate",
    "past_due",
    "goal_run",
    "trial_begin",
    "trial_end",
    "trial_remove",
    "process_trial_end",
    "customer_create",
    "customer_verify",
    "hires_migrate",
  ],
  deliverables: ["trial_deliverable_add", "delivery_retry", "mandate_sign", "mandate_revoke"],
} as const

/** An action of one of these services. */
export type Action = typeof actions[keyof typeof actions][number]

/** The endpoints of a service's action log. */
export const actionLogGroup = (service: keyof typeof actions) => {
  const success = listOf(ActionLine)
  return HttpApiGroup.make("actionLog")
    .annotate(OpenApi.Title, "Action log")
    .annotate(OpenApi.Description, "What operators and the system did, in a log that nobody can alter.")
    .add(
      HttpApiEndpoint.get("list", "/actions", { query: pageQuery, success, error: InvalidRequest })
        .annotate(Access, ["operator", "viewer"])
        .annotate(OpenApi.Summary, "List the action log")
        .annotate(
          OpenApi.Description,
          `Operators and viewers; the latest first. Actions: ${actions[service].join(", ")}.` +
            (service === "deliverables"
              ? " A delivery is also retried by its customer, and mandates are the customers': the metadata has the role."
              : ""),
        ),
      // not /actions/:operator, which OpenAPI can not tell from /deliverables/:id/review
      HttpApiEndpoint.get("listOfOperator", "/actions/by/:operator", {
        params: { operator: Schema.String.annotate({ examples: ["ops.asha"] }) },
        query: pageQuery,
        success,
        error: InvalidRequest,
      }).annotate(Access, ["operator", "viewer"])
        .annotate(OpenApi.Summary, "List the actions of one operator")
        .annotate(
          OpenApi.Description,
          "Operators and viewers; the latest first. What the system does itself has the operator `system`.",
        ),
    )
    .prefix(`/${service}`)
}
