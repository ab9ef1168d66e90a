/**
 * The contract of links that decide: a message holds a token for one draft and one person. The front door asks with it in place
 * of a session; looking decides nothing (domain.md, "Notifications").
 */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Sha256 } from "../Canonical.ts"
import { DeliveryTarget } from "../Definition/HireSettings.ts"
import { documentOf } from "../Document.ts"
import { CustomerId, Subject } from "../Ids.ts"
import { problem, RateLimited, Unavailable } from "../Problem.ts"
import { BodyLimits, Instant, RequestProblems, strict, text } from "../Protocol.ts"
import { Deliverable, DeliverableGone, DeliverableNotFound } from "./Deliverables.ts"
import { Decision, MOST_REVISIONS, notesOfChanges, reviewProblems } from "./Reviews.ts"

/** 401: the link is of no use now. */
export class LinkNotGood extends problem<LinkNotGood>()("LinkNotGood", {
  code: "link_not_good",
  status: 401,
  title: "That link decides nothing any more",
}) {}

/** The token of a link. */
export const LinkToken = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9_-]{43}$/, { message: "must be the token of a link" }),
)

/** What a link shows: its draft, as whom it decides, and until when. */
export const LinkView = Schema.Struct({
  deliverable: Deliverable,
  customer_id: CustomerId,
  person: Subject,
  /** Where an approved draft goes by its hire's settings now: an approval covers it. Absent where that can't be told now. */
  target: Schema.optionalKey(DeliveryTarget),
  expires_at: Instant,
}).annotate({ identifier: "LinkView" })
export type LinkView = typeof LinkView.Type

/** A decision by a link: on what it showed. */
export const LinkDecision = Schema.Struct({
  decision: Decision,
  notes: Schema.optionalKey(text(4000)),
  content_sha256: Sha256,
  revision: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MOST_REVISIONS }))),
})
export type LinkDecision = typeof LinkDecision.Type

const found = [LinkNotGood, RateLimited, DeliverableNotFound, DeliverableGone, Unavailable] as const

/** Endpoints of links that decide. */
export class DecisionLinksGroup extends HttpApiGroup.make("decisionLinks")
  .annotate(OpenApi.Title, "Links that decide")
  .annotate(OpenApi.Description, "What the link of a message shows, and the one decision that it allows.")
  .add(
    HttpApiEndpoint.post("view", "/decision-links/view", {
      payload: Schema.Struct({ token: LinkToken }),
      success: LinkView,
      error: [...found],
    }).annotate(OpenApi.Summary, "Show a link's draft")
      .annotate(
        OpenApi.Description,
        "For the holder of the token. It decides nothing. A link may be used once a second, and some times at once; " +
          "tokens that are tried for the first time share a bound.",
      ),
    HttpApiEndpoint.post("decide", "/decision-links/decide", {
      payload: Schema.Struct({ token: LinkToken, ...LinkDecision.fields }).check(notesOfChanges),
      success: Deliverable,
      error: [LinkNotGood, RateLimited, ...reviewProblems],
    }).annotate(OpenApi.Summary, "Decide on a link's draft")
      .annotate(
        OpenApi.Description,
        "For the holder of the token, as the person that the message went to, on that draft alone and as it was shown: " +
          "`content_sha256`. The rules are those of a review.",
      ),
  ) {}

/** The API of links that decide: no bearer token, the token of the link is in the body. */
export class DecisionLinksApi extends HttpApi.make("decisionLinks")
  .add(DecisionLinksGroup)
  .prefix("/api/v1")
  .middleware(BodyLimits)
  .middleware(RequestProblems)
  .annotateMerge(strict)
  .annotateMerge(documentOf({ title: "Stint links that decide", description: "What links in messages may do." })) {}
