/** Commands about messages to people. */
import * as body from "../bodies.ts"
import { Refusal } from "../fakeServices.ts"
import { type Case, missing } from "./Case.ts"
import { notice as noticeBody, reviewer as reviewerBody } from "./noticeBodies.ts"

/** One of each. */
export const notices: ReadonlyArray<Case> = [
  {
    args: "notices list --state failed --person asha",
    answers: {
      "deliverables.notices.list": ({ query }) =>
        query.state === "failed" && query.person === "asha" && body.page(noticeBody),
    },
    says: /^2026-03-01T09:00:00Z +asha +email asha@example\.org +failed +3 +A draft waits +no such mailbox\n$/,
    refused: "deliverables.notices.list",
    by: missing("customer_not_found"),
  },
  {
    args: "notices people --customer acme",
    answers: { "deliverables.reviewers.list": () => body.page(reviewerBody) },
    says: /^acme +asha +Asia\/Kolkata +email dead\n$/,
    refused: "deliverables.reviewers.list",
    by: missing("customer_not_found"),
  },
  {
    args: "notices show asha --customer acme",
    answers: { "deliverables.reviewers.get": ({ params }) => params.person === "asha" && reviewerBody },
    says: /digest_at +08:00\n/,
    refused: "deliverables.reviewers.get",
    by: missing("reviewer_not_found"),
  },
  {
    args: "notices set asha -",
    role: "customer",
    answers: {
      "deliverables.reviewers.put": ({ params, payload }) =>
        params.person === "asha" && payload.timezone === "Asia/Kolkata" && reviewerBody,
    },
    stdin: JSON.stringify({ channels: [{ kind: "email", address: "asha@example.org" }], timezone: "Asia/Kolkata" }),
    says: /timezone +Asia\/Kolkata\n/,
    refused: "deliverables.reviewers.put",
    by: new Refusal(409, "email_not_configured", "This installation sends no e-mail"),
    exit: 4,
  },
  {
    args: "notices test --channel 8f14e45fceea167a",
    role: "customer",
    answers: {
      "deliverables.notices.test": ({ payload }) =>
        payload.channel_id === "8f14e45fceea167a" && { items: [{ ...noticeBody, purpose: "test", state: "waiting" }] },
    },
    says: /purpose +test\n/,
    refused: "deliverables.notices.test",
    by: missing("channel_not_found"),
  },
]
