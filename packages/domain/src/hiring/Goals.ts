/** Goals of a hired agent: a template of its definition, a frequency, settings (domain.md, "Rules: hires and goals"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Model } from "effect/schema"
import { Access } from "../Caller.ts"
import { documentFaults, own } from "../Documents.ts"
import { Frequency } from "../Definition.ts"
import { HireDeactivated, HireGone, HireNotFound } from "./Hires.ts"
import { GoalInstanceId, GoalTemplateId, HiredInstanceId } from "../Ids.ts"
import { InvalidRequest, PreconditionFailed, problem, QuotaExceeded, Unavailable } from "../Problem.ts"
import { InstantField } from "../ModelFields.ts"
import {
  ConditionalHeaders,
  created,
  IdempotencyHeader,
  Instant,
  JsonObject,
  JudgedFirst,
  listOf,
  NoFields,
  pageQuery,
  tagged,
} from "../Protocol.ts"
import { SubscriptionNotActive } from "./Subscriptions.ts"

/** A goal, as a row and on the wire. */
export class Goal extends Model.Class<Goal>("Goal")({
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  goal_template_id: GoalTemplateId,
  frequency: Frequency,
  settings: JsonObject,
  enabled: Schema.Boolean,
  created_at: InstantField,
  updated_at: InstantField,
}) {}

/** A goal to add (without an id) or to change. `enabled` (default true) switches it off without deleting it. */
export const GoalDraft = Schema.Struct({
  goal_instance_id: Schema.optionalKey(GoalInstanceId),
  goal_template_id: GoalTemplateId,
  frequency: Frequency,
  settings: JsonObject,
  enabled: Schema.optionalKey(Schema.Boolean),
})
export type GoalDraft = typeof GoalDraft.Type

/** 404, also for a goal of another hire. */
export class GoalNotFound extends problem<GoalNotFound>()("GoalNotFound", {
  code: "goal_not_found",
  status: 404,
  title: "There is no such goal",
}) {}

/** 409: the hire cannot run now; `detail` says why. */
export class HireNotRunnable extends problem<HireNotRunnable>()("HireNotRunnable", {
  code: "hire_not_runnable",
  status: 409,
  title: "The hired agent can't run now",
}) {}

/** 409: a goal that is switched off cannot be run. */
export class GoalDisabled extends problem<GoalDisabled>()("GoalDisabled", {
  code: "goal_disabled",
  status: 409,
  title: "The goal is switched off",
}) {}

/** A queued run. `scheduler` is "unknown" when the scheduler does not answer within 300 ms. */
export const RunQueued = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  scheduled_time: Instant,
  scheduler: Schema.Literals(["running", "paused", "unknown"]),
})
export type RunQueued = typeof RunQueued.Type

const params = { id: HiredInstanceId, goal: GoalInstanceId }
const readers = ["customer", "operator", "viewer"] as const

/** Endpoints of goals, under their hire. */
export class GoalsGroup extends HttpApiGroup.make("goals")
  .annotate(OpenApi.Title, "Goals")
  .annotate(OpenApi.Description, "What a hired agent does, and how often.")
  .add(
    HttpApiEndpoint.get("list", "/", {
      params: { id: HiredInstanceId },
      query: pageQuery,
      success: listOf(Goal.json),
      error: [HireNotFound, HireGone],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List the goals of a hired agent")
      .annotate(OpenApi.Description, "For its customer, operators and viewers."),
    HttpApiEndpoint.put("put", "/", {
      params: { id: HiredInstanceId },
      headers: Schema.Struct({ ...IdempotencyHeader.fields, ...ConditionalHeaders }),
      payload: GoalDraft,
      success: [Goal.json, created(Goal.json)],
      error: [
        HireNotFound,
        HireGone,
        HireDeactivated,
        GoalNotFound,
        SubscriptionNotActive,
        QuotaExceeded,
        PreconditionFailed,
        InvalidRequest,
        Unavailable,
      ],
    }).annotate(Access, ["customer"]).annotateMerge(tagged)
      .annotate(JudgedFirst, (body, bounds) => documentFaults(own(body, "settings"), "$.settings", bounds))
      .annotate(OpenApi.Summary, "Make or change a goal")
      .annotate(
        OpenApi.Description,
        "Its customer only. Makes a goal without goal_instance_id (201), or changes the one that it names " +
          "(200). Needs an active subscription (409). A new schedule drops the future slots that are not claimed. " +
          "Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.get("get", "/:goal", {
      params,
      headers: Schema.Struct(ConditionalHeaders),
      success: Goal.json,
      error: [HireNotFound, HireGone, GoalNotFound],
    })
      .annotate(Access, readers).annotateMerge(tagged)
      .annotate(OpenApi.Summary, "Get a goal")
      .annotate(OpenApi.Description, "For its customer, operators and viewers; a goal of another hire is 404."),
    HttpApiEndpoint.delete("remove", "/:goal", {
      params,
      headers: Schema.Struct(ConditionalHeaders),
      success: Schema.Struct({ deleted: Schema.Boolean, goal_instance_id: GoalInstanceId }),
      error: [HireNotFound, HireGone, GoalNotFound, SubscriptionNotActive, PreconditionFailed],
    }).annotate(Access, ["customer"]).annotateMerge(tagged)
      .annotate(OpenApi.Summary, "Delete a goal")
      .annotate(
        OpenApi.Description,
        "Its customer only. Its runs are cancelled, its dead letter is closed, its drafts are deleted; approvals stay.",
      ),
    HttpApiEndpoint.post("run", "/:goal/run", {
      params,
      headers: IdempotencyHeader,
      payload: NoFields,
      success: RunQueued.pipe(HttpApiSchema.status(202)),
      error: [HireNotFound, HireGone, GoalNotFound, GoalDisabled, HireNotRunnable],
    }).annotate(Access, ["customer", "operator"])
      .annotate(OpenApi.Summary, "Run a goal now")
      .annotate(
        OpenApi.Description,
        "Its customer and operators. 202: the run is queued and never lost; while the scheduler is paused it " +
          "waits. 409 goal_disabled or hire_not_runnable when it cannot run. Safe to repeat under the same " +
          "Idempotency-Key.",
      ),
  )
  .prefix("/hired-agents/:id/goals") {}
