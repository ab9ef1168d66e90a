/** Deliverables of trials: files made during a trial, recorded by name and path (domain.md, "Other columns"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { filled } from "../Contact.ts"
import { TrialDeliverableId, TrialId } from "../Ids.ts"
import { InvalidRequest, Unavailable } from "../Problem.ts"
import { created, IdempotencyHeader, Instant, listOf, pageQuery, text } from "../Protocol.ts"
import { TrialNotFound } from "../hiring/Trials.ts"

/** A media type (RFC 9110): type/subtype, which may have parameters; at most 255 characters. */
export const MediaType = Schema.String.check(
  Schema.isPattern(/^(?=.{3,255}$)[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;[\x20-\x7e]*)?$/, {
    message: "must be a media type: type/subtype, at most 255 characters",
  }),
)

/** What a caller records. `file_path` tells a reader where the file is; no service opens it. */
export const NewTrialDeliverable = Schema.Struct({
  file_name: filled(255),
  file_path: filled(4000),
  /** In bytes. */
  file_size: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  ),
  mime_type: Schema.optionalKey(MediaType),
  description: Schema.optionalKey(text(4000)),
})
export type NewTrialDeliverable = typeof NewTrialDeliverable.Type

/** A deliverable of a trial on the wire. */
export const TrialDeliverable = Schema.Struct({
  trial_deliverable_id: TrialDeliverableId,
  trial_id: TrialId,
  ...NewTrialDeliverable.fields,
  created_at: Instant,
}).annotate({ identifier: "TrialDeliverable" })
export type TrialDeliverable = typeof TrialDeliverable.Type

const params = { id: TrialId }

/**
 * Endpoints of trial deliverables. Access follows the trial: a customer adds to and reads the trials that it began,
 * operators add to and read all, viewers read all. A trial that has ended still accepts files: only its status is final.
 */
export class TrialDeliverablesGroup extends HttpApiGroup.make("trialDeliverables")
  .annotate(OpenApi.Title, "Trial deliverables")
  .annotate(OpenApi.Description, "Files made during a trial, recorded by name and path.")
  .add(
    HttpApiEndpoint.post("create", "/trials/:id/deliverables", {
      params,
      headers: IdempotencyHeader,
      payload: NewTrialDeliverable,
      success: created(TrialDeliverable),
      error: [TrialNotFound, Unavailable],
    }).annotate(Access, ["customer", "operator"])
      .annotate(OpenApi.Summary, "Add a deliverable to a trial")
      .annotate(
        OpenApi.Description,
        "Customers (to trials that they began) and operators, also after the trial has ended. No service " +
          "opens the file. Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.get("list", "/trials/:id/deliverables", {
      params,
      query: pageQuery,
      success: listOf(TrialDeliverable),
      error: [TrialNotFound, InvalidRequest, Unavailable],
    }).annotate(Access, ["customer", "operator", "viewer"])
      .annotate(OpenApi.Summary, "List the deliverables of a trial")
      .annotate(OpenApi.Description, "A customer lists those of the trials that it began, operators and viewers any."),
  ) {}
