/** Making drafts: the request of a run, the answer, and why a run gets no draft (domain.md, "Drafts"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access, Callers } from "../Caller.ts"
import { Deliverable } from "./Deliverables.ts"
import { Making } from "../Making.ts"
import {
  DraftNotValid,
  MakerAway,
  MakerFailed,
  MakerLate,
  MakerMisconfigured,
  MakerRefused,
  OverBudget,
} from "./Makings.ts"
import { DeliverableId, GoalInstanceId, HiredInstanceId } from "../Ids.ts"
import { AnyProblem, InvalidRequest, problem, Unavailable } from "../Problem.ts"
import { created, Instant, KeepsReplies, RequiredIdempotencyHeader } from "../Protocol.ts"

/** The scheduler's request: the draft of one slot of one goal. */
export const DraftRequest = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  scheduled_time: Instant,
})
export type DraftRequest = typeof DraftRequest.Type

/**
 * One run of a batch, with the run's own key, and the revisions (`revisionOf` of hiring/Feed.ts) of its goal and hire that the
 * scheduler decided by. Absent in requests of 0.2.0: then hiring is asked. `attempt` names the attempt of the run, whatever it is
 * called: asked again under the same one, a making that failed answers with its failure; under another it is made again.
 */
export const BatchItem = Schema.Struct({
  idempotency_key: Schema.String.check(Schema.isPattern(/^[\x21-\x7e]{1,255}$/)),
  ...DraftRequest.fields,
  goal_revision: Schema.optionalKey(Schema.String.annotate({ examples: ["3@1764406800000"] })),
  hire_revision: Schema.optionalKey(Schema.String.annotate({ examples: ["2@1764403200000"] })),
  attempt: Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^[\x21-\x7e]{1,64}$/)).annotate({ examples: ["48213"] }),
  ),
})
export type BatchItem = typeof BatchItem.Type

/**
 * The answer for one run of a batch: the deliverable, or its id where the request asks for ids; `making` while its maker works: it
 * is to be asked for again under the same key; or the problem that a single call would have answered with.
 */
export const BatchAnswer = Schema.Struct({
  idempotency_key: Schema.String,
  deliverable: Schema.optionalKey(Deliverable),
  deliverable_id: Schema.optionalKey(DeliverableId),
  making: Schema.optionalKey(Making),
  problem: Schema.optionalKey(AnyProblem),
})
export type BatchAnswer = typeof BatchAnswer.Type

/** 404: hiring knows no such goal, or it is another hire's. The scheduler cancels the run and makes no dead letter. */
export class RunGoalNotFound extends problem<RunGoalNotFound>()("RunGoalNotFound", {
  code: "goal_not_found",
  status: 404,
  title: "There is no such goal",
}) {}

/** 409: hiring says that the hire may not run. The scheduler cancels the run and makes no dead letter. */
export class RunNotRunnable extends problem<RunNotRunnable>()("RunNotRunnable", {
  code: "hire_not_runnable",
  status: 409,
  title: "The hired agent can't run now",
}) {}

/** 422: no draft can be made for this goal as it is configured. */
export class DraftImpossible extends problem<DraftImpossible>()("DraftImpossible", {
  code: "draft_impossible",
  status: 422,
  title: "No draft can be made for this goal",
}) {}

/** 422: the key belongs to a run of another goal, hire or slot. */
export class DraftKeyMismatch extends problem<DraftKeyMismatch>()("DraftKeyMismatch", {
  code: "idempotency_mismatch",
  status: 422,
  title: "This key belongs to another run",
}) {}

/** 502: hiring is there, but could not tell of this goal. It counts as an attempt. */
export class RunLookupFailed extends problem<RunLookupFailed>()("RunLookupFailed", {
  code: "lookup_failed",
  status: 502,
  title: "The goal could not be looked up",
}) {}

/** Endpoints that make drafts. */
export class DraftsGroup extends HttpApiGroup.make("drafts")
  .annotate(OpenApi.Title, "Drafts")
  .annotate(OpenApi.Description, "The scheduler's calls: one draft for each run.")
  .add(
    HttpApiEndpoint.post("create", "/deliverables", {
      headers: RequiredIdempotencyHeader,
      payload: DraftRequest,
      success: created(Deliverable),
      error: [
        RunGoalNotFound,
        RunNotRunnable,
        DraftImpossible,
        DraftKeyMismatch,
        InvalidRequest,
        RunLookupFailed,
        DraftNotValid,
        MakerRefused,
        MakerMisconfigured,
        OverBudget,
        MakerLate,
        MakerFailed,
        MakerAway,
        Unavailable,
      ],
    }).annotate(Access, ["service"]).annotate(Callers, ["scheduler"]).annotate(KeepsReplies, true)
      .annotate(OpenApi.Summary, "Make the draft of a run")
      .annotate(
        OpenApi.Description,
        "Services only. The Idempotency-Key is required and is the run's own: the same key gives the same " +
          "deliverable for ever, another goal or slot under it is 422.",
      ),
    HttpApiEndpoint.post("createBatch", "/deliverables/batch", {
      payload: Schema.Struct({
        items: Schema.Array(BatchItem).check(Schema.isBetweenLength(1, 1000)),
        /** What is answered for a run that has its draft: the deliverable (default), or its id alone. */
        answer: Schema.optionalKey(Schema.Literals(["deliverables", "ids"])),
      }),
      success: Schema.Struct({ items: Schema.Array(BatchAnswer) }),
      error: Unavailable,
    }).annotate(Access, ["service"]).annotate(Callers, ["scheduler"])
      .annotate(OpenApi.Summary, "Make the drafts of many runs")
      .annotate(
        OpenApi.Description,
        "Services only, up to 1000 at once. No header key: each item carries its run's key and has its own " +
          "answer, a deliverable (its id alone with `answer: ids`), a making or a problem. A draft is never made under an older " +
          "goal or hire than the revisions that an item names.",
      ),
  ) {}
