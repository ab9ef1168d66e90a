/** Revisions: what makers and people wrote, append-only; editing a draft, and how two revisions differ (domain.md, "Revisions"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access, Needs } from "../Caller.ts"
import { DeliverableId } from "../Ids.ts"
import { DraftPayload } from "../Payload.ts"
import { InvalidRequest, PreconditionFailed, problem, Unavailable } from "../Problem.ts"
import {
  ConditionalHeaders,
  IdempotencyHeader,
  Instant,
  JsonObject,
  listOf,
  pageQuery,
  tagged,
  text,
  wholeNumber,
} from "../Protocol.ts"
import {
  Deliverable,
  DeliverableGone,
  DeliverableNotFound,
  DeliverablesHireDeactivated,
  readers,
  ReviewStatus,
  SubscriptionEnded,
} from "./Deliverables.ts"
import { AlreadyExecuted, ExecutionInProgress } from "./Executions.ts"
import { MOST_REVISIONS, RevisionChanged, TooManyRevisions } from "./Reviews.ts"

/** The author of what a maker wrote. A person of that name is told apart by `by_maker`. */
export const MAKER = "maker"

/** One revision. `content_sha256`: of the payload's canonical JSON (RFC 8785), by which it is approved. */
export const Revision = Schema.Struct({
  revision: Schema.Int,
  author: Schema.String.annotate({ description: "`maker`, or the person who edited", examples: ["maker"] }),
  by_maker: Schema.Boolean,
  notes: Schema.NullOr(Schema.String).annotate({
    description: "Why: an editor's words, or what a maker was asked for",
  }),
  title: Schema.String,
  payload: DraftPayload,
  content_sha256: Schema.String,
  created_at: Instant,
}).annotate({ identifier: "Revision" })
export type Revision = typeof Revision.Type

/** A run of words within a text that two revisions have in common, or that one of them has alone. */
export const WordChange = Schema.Struct({
  kind: Schema.Literals(["same", "removed", "added"]),
  text: Schema.String,
}).annotate({ identifier: "WordChange" })
export type WordChange = typeof WordChange.Type

/** One value that differs. An absent `before` was added, an absent `after` removed; `words` where both are texts. */
export const Change = Schema.Struct({
  path: Schema.Array(Schema.Union([Schema.String, Schema.Int])).annotate({
    description: "Keys and indexes in the later revision; the last step to what was removed is that of the earlier one",
    examples: [["variants", 0, "text"]],
  }),
  before: Schema.optionalKey(Schema.Json),
  after: Schema.optionalKey(Schema.Json),
  words: Schema.optionalKey(Schema.Array(WordChange)),
}).annotate({ identifier: "Change" })
export type Change = typeof Change.Type

/** How two revisions differ. `omitted`: changes beyond the first 500. */
export const RevisionDiff = Schema.Struct({
  from: Schema.Int,
  to: Schema.Int,
  changes: Schema.Array(Change),
  omitted: Schema.optionalKey(Schema.Int),
}).annotate({ identifier: "RevisionDiff" })
export type RevisionDiff = typeof RevisionDiff.Type

/** 404: the deliverable has no revision of that number. */
export class RevisionNotFound extends problem<RevisionNotFound>()("RevisionNotFound", {
  code: "revision_not_found",
  status: 404,
  title: "There is no such revision",
}) {}

/** 409: it was rejected or has expired, which is final, or its maker works on the next revision. */
export class NotEditable extends problem<NotEditable>()("NotEditable", {
  code: "not_editable",
  status: 409,
  title: "That deliverable can't be edited now",
}, { review_status: ReviewStatus }) {}

const params = { id: DeliverableId }
const number = wholeNumber(1, MOST_REVISIONS)

/** Endpoints of revisions. */
export class RevisionsGroup extends HttpApiGroup.make("revisions")
  .annotate(OpenApi.Title, "Revisions")
  .annotate(OpenApi.Description, "What makers and people wrote of a deliverable, append-only.")
  .add(
    HttpApiEndpoint.get("list", "/deliverables/:id/revisions", {
      params,
      query: pageQuery,
      success: listOf(Revision),
      error: [DeliverableNotFound, DeliverableGone, InvalidRequest, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List the revisions of a deliverable")
      .annotate(OpenApi.Description, "For its customer, operators and viewers; the latest first."),
    HttpApiEndpoint.get("get", "/deliverables/:id/revisions/:revision", {
      params: { ...params, revision: Schema.String.annotate({ description: "Its number, from 1", examples: ["2"] }) },
      success: Revision,
      error: [DeliverableNotFound, DeliverableGone, RevisionNotFound, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "Get a revision")
      .annotate(OpenApi.Description, "For its customer, operators and viewers."),
    HttpApiEndpoint.get("diff", "/deliverables/:id/diff", {
      params,
      query: { from: number, to: number },
      success: RevisionDiff,
      error: [DeliverableNotFound, DeliverableGone, RevisionNotFound, InvalidRequest, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "Compare two revisions")
      .annotate(
        OpenApi.Description,
        "Each value that differs, by its JSON path, and the words that changed within a text.",
      ),
    HttpApiEndpoint.put("edit", "/deliverables/:id/content", {
      params,
      headers: Schema.Struct({ ...IdempotencyHeader.fields, ...ConditionalHeaders }),
      payload: Schema.Struct({
        payload: JsonObject,
        /** The revision that was edited: 409 revision_changed when it is no longer the current one. */
        base_revision: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MOST_REVISIONS })),
        notes: Schema.optionalKey(text(4000)),
      }),
      success: Deliverable,
      error: [
        DeliverableNotFound,
        DeliverableGone,
        PreconditionFailed,
        SubscriptionEnded,
        DeliverablesHireDeactivated,
        RevisionChanged,
        NotEditable,
        TooManyRevisions,
        AlreadyExecuted,
        ExecutionInProgress,
        InvalidRequest,
        Unavailable,
      ],
    }).annotate(Access, ["customer"]).annotate(Needs, "editor").annotateMerge(tagged)
      .annotate(OpenApi.Summary, "Edit a deliverable")
      .annotate(
        OpenApi.Description,
        "Its customer, or a person of it who has the duty editor. The payload is the next revision, decoded by its schema (400 with " +
          "the path), of at most 64 KiB; its type, template, goal and intent stay, and something differs. Of a trading draft the account, its checks and their " +
          "errors are the service's: they are computed anew, and a guardrail report can't be edited. The title is made anew where it " +
          "follows from the payload. An approval of the revision before no longer counts, and it can be decided on for as long as a new " +
          "draft. Safe to repeat under the same Idempotency-Key.",
      ),
  ) {}
