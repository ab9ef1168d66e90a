/** Commands about drafts. */
import * as body from "../bodies.ts"
import { Refusal } from "../fakeServices.ts"
import { type Case, missing } from "./Case.ts"

/** One of each. */
export const inbox: ReadonlyArray<Case> = [
  {
    args: "inbox list --search note",
    answers: {
      "deliverables.deliverables.inbox": ({ query }) =>
        query.review_status === "pending_review" && query.search === "note" && body.page(body.draft),
    },
    says: /^DEL-1 +abcdef012345 +pending_review +A note +2026-03-01T09:00:00Z\n$/,
    refused: "deliverables.deliverables.inbox",
    by: missing("customer_not_found"),
  },
  {
    args: "inbox list --expiring --order expiry --from 2026-03-01T09:00:00Z --to 2026-03-02T09:00:00Z --customer acme",
    answers: {
      "deliverables.deliverables.inbox": ({ query }) =>
        query.expiring === "true" && query.order === "expiry" && query.customer_id === "acme" &&
        JSON.stringify([query.from, query.to]) === '["2026-03-01T09:00:00.000Z","2026-03-02T09:00:00.000Z"]' &&
        body.page({ ...body.draft, expires_at: "2026-03-01T10:00:00.000Z" }),
    },
    says: /^DEL-1 +abcdef012345 +pending_review +A note +2026-03-01T10:00:00Z\n$/,
    refused: "deliverables.deliverables.inbox",
    by: missing("customer_not_found"),
  },
  {
    args: "inbox show DEL-1",
    answers: {
      "deliverables.deliverables.get": () => ({ ...body.draft, revision: 2 }),
      "deliverables.reviews.ofDeliverable": () => body.page(body.approval),
      "deliverables.revisions.list": () => body.page(body.revision),
    },
    says:
      /body\n {4}\| # Tea\n {4}\| \n {4}\| Drink it \\u001b\[31mhot\n[^]*\n\nAPR-1 +approved +2 +ann +2026-03-01T09:00:00Z +- +go\n\n2 +abcdef012345 +ann +2026-03-01T09:00:00Z +a word\n$/,
    refused: "deliverables.deliverables.get",
    by: missing("deliverable_not_found"),
  },
  ...([["approve", "approved"], ["reject", "rejected"], ["changes", "changes_requested"]] as const).map((
    [verb, decision],
  ): Case => ({
    args: `inbox ${verb} DEL-1 --yes --notes fine`,
    role: "customer",
    answers: {
      "deliverables.deliverables.get": () => body.draft,
      "deliverables.reviews.decide": ({ payload: { items: [item] } }) =>
        item.content_sha256 === body.draft.content_sha256 && item.notes === "fine" && item.decision === decision && {
          items: [{
            deliverable_id: "DEL-1",
            deliverable: { ...body.draft, review_status: verb === "changes" ? "in_revision" : item.decision },
          }],
        },
    },
    says: new RegExp(`^DEL-1 +${verb === "changes" ? "in_revision" : decision} +A note\\n$`),
    refused: "deliverables.deliverables.get",
    by: missing("deliverable_not_found"),
  })),
  {
    args: "inbox edit DEL-1 - --notes a-word",
    role: "customer",
    answers: {
      "deliverables.deliverables.get": () => ({ ...body.draft, revision: 1 }),
      "deliverables.revisions.edit": ({ payload }) =>
        payload.base_revision === 1 && payload.notes === "a-word" && payload.payload.agent_type_id === "tea.v1" &&
        { ...body.draft, revision: 2, edited_by: "ann" },
    },
    says: /revision +2\n/,
    refused: "deliverables.revisions.edit",
    by: new Refusal(409, "revision_changed", "The content is not the one that was decided on", {
      content_sha256: body.draft.content_sha256,
      revision: 2,
    }),
    exit: 4,
    words: /stint inbox show ID/,
  },
  {
    args: "inbox withdraw DEL-1 --reason early --yes",
    role: "customer",
    answers: {
      "deliverables.deliverables.get": () => ({ ...body.draft, review_status: "approved", approval_id: "APR-1" }),
      "deliverables.reviews.withdraw": ({ params, payload }) =>
        params.id === "APR-1" && payload.reason === "early" &&
        { ...body.approval, withdrawn_at: body.run.scheduled_time, withdrawn_by: "bob" },
    },
    says: /withdrawn_by +bob\n/,
    refused: "deliverables.reviews.withdraw",
    by: new Refusal(403, "duty_missing", "The token's duties do not allow this", { duty: "reviewer" }),
    exit: 5,
    words: /It takes a token with the duty reviewer/,
  },
  {
    args: "inbox execute DEL-1 --yes",
    role: "customer",
    answers: {
      "deliverables.deliverables.get": () => ({ ...body.draft, review_status: "approved", approval_id: "APR-1" }),
      "deliverables.executions.execute": ({ payload }) =>
        payload.approval_id === "APR-1" &&
        { ...body.draft, execution_status: "executed", executed_at: body.run.scheduled_time },
    },
    says: /execution_status +executed\n/,
    refused: "deliverables.executions.execute",
    by: new Refusal(403, "approval_required", "The approval_id is needed"),
    exit: 5,
  },
  {
    args: "inbox counts",
    answers: {
      "deliverables.deliverables.counts": () => ({
        pending_review: 3,
        in_revision: 2,
        expiring: 1,
        approved_waiting: 0,
        delivery_failed: 1,
      }),
    },
    says: /^pending_review +3\nin_revision +2\nexpiring +1\napproved_waiting +0\ndelivery_failed +1\n$/,
    refused: "deliverables.deliverables.counts",
    by: missing("customer_not_found"),
  },
]
