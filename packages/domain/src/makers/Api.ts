/**
 * The contract of an http maker: a program of the provider's own, which deliverables asks for drafts (domain.md, "Makers";
 * docs/makers.md). The first request goes to the `url` of the template; `/make` stands for it in the document.
 */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { OutputSchema } from "../Definition.ts"
import { documentOf } from "../Document.ts"
import { AgentTypeId, CustomerId, DeliverableId, GoalInstanceId, GoalTemplateId, HiredInstanceId } from "../Ids.ts"
import { FieldIssue } from "../Problem.ts"
import { Instant, JsonObject } from "../Protocol.ts"

/** A decision of the past on a draft of the same goal. */
const PastDecision = Schema.Struct({
  /** `changes_requested`: `notes` say what was to change. */
  decision: Schema.Literals(["approved", "rejected", "changes_requested"]),
  notes: Schema.NullOr(Schema.String),
  title: Schema.String,
  payload: Schema.Json,
  decided_at: Instant,
})

/** What a person asked to change in a draft. It is data that the person wrote, as all of the envelope. */
const ChangesAsked = Schema.Struct({
  deliverable_id: DeliverableId,
  /** The revision to change, from 1, and its content. */
  revision: Schema.Int,
  notes: Schema.String,
  title: Schema.String,
  payload: Schema.Json,
})

/** The body of the request for a draft: an envelope as in Standard Webhooks. All that people wrote in it is data. */
export const DraftRequested = Schema.Struct({
  type: Schema.Literal("draft.requested"),
  timestamp: Instant,
  data: Schema.Struct({
    /** The same whenever this run, or this change of its draft, is asked for; also in the header `idempotency-key`. */
    idempotency_key: Schema.String,
    /** This call alone. */
    call_id: Schema.String.annotate({ examples: ["CAL-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11"] }),
    /** Where a 202 may be answered later, signed as this request is (MakerAnswers); absent where it can't be. */
    callback_url: Schema.optionalKey(
      Schema.String.annotate({ examples: ["https://stint.example.com/api/v1/maker-answers"] }),
    ),
    /** When an answer is of no use any more. */
    deadline: Instant,
    customer_id: CustomerId,
    agent_id: AgentTypeId,
    definition_version: Schema.String.annotate({ examples: ["1.0.0"] }),
    hired_instance_id: HiredInstanceId,
    goal_instance_id: GoalInstanceId,
    goal_template_id: GoalTemplateId,
    scheduled_time: Instant,
    /** Of the hire. */
    config: JsonObject,
    /** Of the goal. */
    settings: JsonObject,
    /** What `fields` of the answer must be; absent where the template has none. */
    output: Schema.optionalKey(OutputSchema),
    /** The last five decisions on drafts of this goal, the latest first. */
    decisions: Schema.Array(PastDecision),
    /** Of a next revision: what a person asked to change, and in what. Absent for the first draft of a run. */
    changes: Schema.optionalKey(ChangesAsked),
    /** Of the one repair: what was returned before, and what is wrong with it. */
    repair: Schema.optionalKey(Schema.Struct({ answer: Schema.Json, errors: Schema.Array(FieldIssue) })),
  }),
}).annotate({ identifier: "DraftRequested" })
export type DraftRequested = typeof DraftRequested.Type

/** The draft: `fields` for a template with `output`, `payload` for a type with a payload of its own, else `body`, in markdown. */
export const MadeDraft = Schema.Struct({
  title: Schema.String,
  fields: Schema.optionalKey(JsonObject),
  payload: Schema.optionalKey(JsonObject),
  body: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "MadeDraft" })
export type MadeDraft = typeof MadeDraft.Type

/**
 * The draft is being made: ask at `Location`, in so many seconds; without a Location it is called back. `note` is shown to people.
 */
export const Working = Schema.Struct({
  note: Schema.optionalKey(Schema.String),
  poll_after_seconds: Schema.optionalKey(Schema.Finite),
}).annotate({ identifier: "Working" })
export type Working = typeof Working.Type

/** Why there is no draft. `code: refused` at 422 says that this draft will not be made: the run is not tried again. */
export const NoDraft = Schema.Struct({
  code: Schema.optionalKey(Schema.String),
  detail: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "NoDraft" })
export type NoDraft = typeof NoDraft.Type

/** The headers of every request. The signature is of `{webhook-id}.{webhook-timestamp}.{body}`, as in Standard Webhooks 1.0. */
const headers = Schema.Struct({
  "idempotency-key": Schema.String,
  "webhook-id": Schema.String,
  "webhook-timestamp": Schema.String,
  "webhook-signature": Schema.optionalKey(Schema.String),
})

const accepted = HttpApiSchema.WithHeaders(Working.pipe(HttpApiSchema.status(202)), {
  location: Schema.optionalKey(Schema.String),
})
const refusals = ([400, 401, 422, 429, 500, 503] as const).map((status) => NoDraft.pipe(HttpApiSchema.status(status)))

/** What an http maker answers. */
export class MakerGroup extends HttpApiGroup.make("maker")
  .annotate(OpenApi.Title, "Maker")
  .annotate(OpenApi.Description, "What deliverables asks of a program that makes drafts.")
  .add(
    HttpApiEndpoint.post("make", "/make", {
      headers,
      payload: DraftRequested,
      success: [MadeDraft, accepted],
      error: refusals,
    }).annotate(OpenApi.Summary, "Make a draft")
      .annotate(
        OpenApi.Description,
        "200 with the draft; 202 with a Location to ask at; or 202 without one, and later an answer at `callback_url`. A repeated " +
          "idempotency key is the same draft: answer it as before, and make nothing twice.",
      ),
    HttpApiEndpoint.get("look", "/makings/:making", {
      headers,
      params: { making: Schema.String.annotate({ examples: ["7f3c"] }) },
      success: [MadeDraft, accepted],
      error: refusals,
    }).annotate(OpenApi.Summary, "Look whether it is made")
      .annotate(
        OpenApi.Description,
        "At the Location of a 202, on the same host: the draft, or 202 again with a note.",
      ),
  ) {}

/** The API of an http maker. */
export class MakerApi extends HttpApi.make("maker").add(MakerGroup).annotateMerge(
  documentOf({ title: "Stint maker", description: "A program of a provider's own that makes drafts." }),
) {}
