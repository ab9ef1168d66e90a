/** The action log: who did what to the scheduler, and why; nobody can alter it (domain.md, "Audit"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { GoalInstanceId, LogId, Subject } from "../Ids.ts"
import { InvalidRequest } from "../Problem.ts"
import { Instant, JsonObject, listOf, pageQuery } from "../Protocol.ts"

/** What was done, by an operator or by the system. */
export const Action = Schema.Literals([
  "pause",
  "resume",
  "trigger",
  "dlq_retry",
  "dlq_redrive",
  "dlq_discard",
  "dlq_expired",
  "run_cancel",
  "backfill",
  "limit",
])
export type Action = typeof Action.Type

/** A line of the action log. `operator` is the subject of who did it; `system` for what the system does itself. */
export const ActionLine = Schema.Struct({
  log_id: LogId,
  action: Action,
  operator: Subject,
  timestamp: Instant,
  goal_instance_id: Schema.NullOr(GoalInstanceId),
  reason: Schema.NullOr(Schema.String),
  action_metadata: JsonObject,
})
export type ActionLine = typeof ActionLine.Type

/** Which lines; what is left out filters nothing. */
const query = {
  action: Schema.optionalKey(Action),
  /** Written from this instant on. */
  from: Schema.optionalKey(Instant),
  /** Written before this instant. */
  to: Schema.optionalKey(Instant),
  ...pageQuery,
}

/** Endpoints of the action log. */
export class ActionLogGroup extends HttpApiGroup.make("actionLog")
  .annotate(OpenApi.Title, "Action log")
  .annotate(OpenApi.Description, "What operators and the system did, in a log that nobody can alter.")
  .add(
    HttpApiEndpoint.get("list", "/actions", { query, success: listOf(ActionLine), error: InvalidRequest })
      .annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "List the action log")
      .annotate(OpenApi.Description, "Operators and viewers; the latest first, by action, and written in [from, to)."),
    HttpApiEndpoint.get("listOfOperator", "/actions/:operator", {
      params: { operator: Schema.String.annotate({ examples: ["ops.asha"] }) },
      query,
      success: listOf(ActionLine),
      error: InvalidRequest,
    }).annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "List the actions of one operator")
      .annotate(
        OpenApi.Description,
        "Operators and viewers; the latest first, by action, and written in [from, to). What the system does itself has the operator `system`.",
      ),
  )
  .prefix("/scheduler") {}
