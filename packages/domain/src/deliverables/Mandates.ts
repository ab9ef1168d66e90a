/** Mandates: a bounded rule that a customer signs in place of each signature (domain.md, "Mandates"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access, Needs } from "../Caller.ts"
import { canonicalJson } from "../Canonical.ts"
import { CustomerId, DeliverableId, GoalInstanceId, GoalTemplateId, HiredInstanceId, MandateId } from "../Ids.ts"
import { CustomerNotFound, InvalidRequest, problem, QuotaExceeded, Unavailable } from "../Problem.ts"
import { created, IdempotencyHeader, Instant, listOf, pageQuery, text } from "../Protocol.ts"
import {
  DeliverablesHireDeactivated,
  DeliverablesHireGone,
  DeliverablesHireNotFound,
  readers,
  SubscriptionEnded,
} from "./Deliverables.ts"
import { MOST_RULES, Rules } from "./Mandates/Rules.ts"

/** In what time uses are counted: a day, a week from Monday, or a month, in the mandate's zone. */
export const Per = Schema.Literals(["day", "week", "month"])
export type Per = typeof Per.Type

/** What a mandate does: approve, or approve and execute at once. */
export const MandateAction = Schema.Literals(["approve", "execute"])
export type MandateAction = typeof MandateAction.Type

/**
 * active -> revoked (final), used_up (until the next period) or expired (final). Only `revoked` is stored: the others are what the
 * database's clock and the uses say.
 */
export const MandateState = Schema.Literals(["active", "used_up", "revoked", "expired"])
export type MandateState = typeof MandateState.Type

/** The most uses of a period, and the longest time that a mandate is valid, in days. */
export const MOST_USES = 10_000
export const LONGEST_DAYS = 366

/** The most bytes of all rules together, as canonical JSON. */
const RULES_BYTES = 64 * 1024

const rulesFit = Schema.makeFilter(({ rules }: { readonly rules: unknown }) =>
  new TextEncoder().encode(canonicalJson(rules)).length <= RULES_BYTES ||
  { path: ["rules"], issue: `must have at most ${RULES_BYTES} bytes together, as canonical JSON` }
)

const oneScope = Schema.makeFilter((
  scope: { readonly goal_instance_id?: string; readonly goal_template_id?: string },
) =>
  scope.goal_instance_id === undefined || scope.goal_template_id === undefined ||
  { path: ["goal_template_id"], issue: "can't stand beside goal_instance_id: a mandate covers one or the other" }
)

/** What a person signs. Without goal and template it covers every goal of the hire. */
export const NewMandate = Schema.Struct({
  hired_instance_id: HiredInstanceId,
  goal_instance_id: Schema.optionalKey(GoalInstanceId),
  goal_template_id: Schema.optionalKey(GoalTemplateId.check(Schema.isMaxLength(255))),
  rules: Rules,
  max_uses: Schema.Int.check(
    Schema.isBetween({ minimum: 1, maximum: MOST_USES }, { message: `must be a whole number, 1 to ${MOST_USES}` }),
  ),
  per: Per,
  valid_until: Instant,
  action: MandateAction,
}).check(oneScope).check(rulesFit).annotate({ identifier: "NewMandate" })
export type NewMandate = typeof NewMandate.Type

/**
 * A mandate. `timezone`: of its hire when it was signed, in which its periods are, also when the hire's changes. `uses_in_period`:
 * of the period that it is now.
 */
export const Mandate = Schema.Struct({
  mandate_id: MandateId,
  customer_id: CustomerId,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: Schema.NullOr(GoalInstanceId),
  goal_template_id: Schema.NullOr(GoalTemplateId),
  rules: Rules,
  max_uses: Schema.Int,
  per: Per,
  timezone: Schema.String.annotate({ examples: ["Asia/Kolkata"] }),
  valid_until: Instant,
  action: MandateAction,
  state: MandateState,
  uses_in_period: Schema.Int,
  /** When the next period begins. */
  period_ends_at: Instant,
  signed_by: Schema.String,
  created_at: Instant,
  revoked_at: Schema.NullOr(Instant),
  revoked_by: Schema.NullOr(Schema.String),
  revoke_reason: Schema.NullOr(Schema.String),
}).annotate({ identifier: "Mandate" })
export type Mandate = typeof Mandate.Type

/**
 * Why a draft would not have been covered: `rule`, the first one that it does not satisfy; `validation_errors`, it can't be
 * approved at all; `template_forbids`, its template wants people.
 */
export const Uncovered = Schema.Literals(["rule", "validation_errors", "template_forbids"])
export type Uncovered = typeof Uncovered.Type

/** A past draft that a mandate would not have covered. `rule`: its index; with the place in the payload where it stopped. */
export const NotCovered = Schema.Struct({
  deliverable_id: DeliverableId,
  why: Uncovered,
  rule: Schema.NullOr(Schema.Int),
  path: Schema.NullOr(Schema.String.annotate({ examples: ["variants[1].text"] })),
}).annotate({ identifier: "NotCovered" })
export type NotCovered = typeof NotCovered.Type

/** How many past drafts a preview looks at. */
export const PREVIEW_DRAFTS = 100

/** What a mandate would have done to the last drafts of its scope, as their makers wrote them; how many a period is not asked. */
export const MandatePreview = Schema.Struct({
  covered: Schema.Array(DeliverableId),
  others: Schema.Array(NotCovered),
}).annotate({ identifier: "MandatePreview" })
export type MandatePreview = typeof MandatePreview.Type

/** 404, also for another customer's. */
export class MandateNotFound extends problem<MandateNotFound>()("MandateNotFound", {
  code: "mandate_not_found",
  status: 404,
  title: "There is no such mandate",
}) {}

/** 409: the definition wants a person's approval for each draft (`approval.mandates: false`). */
export class MandatesForbidden extends problem<MandatesForbidden>()("MandatesForbidden", {
  code: "mandates_forbidden",
  status: 409,
  title: "No mandate may approve these drafts",
}) {}

const scopeErrors = [
  DeliverablesHireNotFound,
  DeliverablesHireGone,
  DeliverablesHireDeactivated,
  SubscriptionEnded,
  MandatesForbidden,
  InvalidRequest,
  Unavailable,
]

const params = { id: MandateId }

/** Endpoints of mandates. */
export class MandatesGroup extends HttpApiGroup.make("mandates")
  .annotate(OpenApi.Title, "Mandates")
  .annotate(OpenApi.Description, "Bounded rules that sign in place of a person.")
  .add(
    HttpApiEndpoint.post("sign", "/mandates", {
      headers: IdempotencyHeader,
      payload: NewMandate,
      success: created(Mandate),
      error: [QuotaExceeded, ...scopeErrors],
    }).annotate(Access, ["customer"]).annotate(Needs, "reviewer")
      .annotate(OpenApi.Summary, "Sign a mandate")
      .annotate(
        OpenApi.Description,
        "The customer of the hire, or a person of it who has the duty reviewer. From then on each revision that a maker writes, " +
          `and that satisfies every rule (1 to ${MOST_RULES}), is approved by the mandate, at most max_uses a period, and executed where ` +
          "action says so. Revisions of before are not covered, nor are edits of people. Periods are in the zone of the hire's " +
          "config, as it is when it is signed; weeks begin on Monday. valid_until is at most 366 days away. " +
          "Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.get("list", "/mandates", {
      query: {
        customer_id: Schema.optionalKey(CustomerId),
        hired_instance_id: Schema.optionalKey(HiredInstanceId),
        ...pageQuery,
      },
      success: listOf(Mandate),
      error: [CustomerNotFound, InvalidRequest],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List mandates")
      .annotate(
        OpenApi.Description,
        "Newest first, revoked and expired ones included. A customer lists its own; operators and viewers those of customer_id, or of all.",
      ),
    HttpApiEndpoint.get("get", "/mandates/:id", { params, success: Mandate, error: MandateNotFound })
      .annotate(Access, readers)
      .annotate(OpenApi.Summary, "Get a mandate")
      .annotate(OpenApi.Description, "For its customer, operators and viewers."),
    HttpApiEndpoint.post("preview", "/mandates/preview", {
      headers: IdempotencyHeader,
      payload: Schema.Struct({ mandate: NewMandate }),
      success: MandatePreview,
      error: scopeErrors,
    }).annotate(Access, ["customer"]).annotate(Needs, "reader")
      .annotate(OpenApi.Summary, "Preview a mandate")
      .annotate(
        OpenApi.Description,
        `Of the last ${PREVIEW_DRAFTS} drafts of its scope, as their makers wrote them: which it would have covered, and of each other the ` +
          "first rule that stopped it, with the place in the payload. Nothing is stored; max_uses is not applied.",
      ),
    HttpApiEndpoint.post("revoke", "/mandates/:id/revoke", {
      params,
      headers: IdempotencyHeader,
      payload: Schema.Struct({ reason: Schema.optionalKey(text(1000)) }),
      success: Mandate,
      error: MandateNotFound,
    }).annotate(Access, ["customer"]).annotate(Needs, "reviewer")
      .annotate(OpenApi.Summary, "Revoke a mandate")
      .annotate(
        OpenApi.Description,
        "Its customer only, or a person of it who has the duty reviewer. Once it is answered no use begins; one that began is whole: " +
          "what it approved stays approved, and is executed where the mandate says so, unless the approval is withdrawn. " +
          "A mandate that was revoked stays as it is.",
      ),
  ) {}
