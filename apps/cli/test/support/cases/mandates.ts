/** Commands about mandates. */
import * as body from "../bodies.ts"
import { Refusal } from "../fakeServices.ts"
import { type Case, missing } from "./Case.ts"

const stdin = JSON.stringify(body.newMandate)
const preview = {
  covered: ["DEL-2"],
  others: [{ deliverable_id: "DEL-1", why: "rule", rule: 0, path: "body" }],
}

/** One of each. */
export const mandates: ReadonlyArray<Case> = [
  {
    args: "mandates list --customer CUS-1 --hire HAI-1",
    answers: {
      "deliverables.mandates.list": ({ query }) =>
        query.customer_id === "CUS-1" && query.hired_instance_id === "HAI-1" && body.page(body.mandate),
    },
    says: /^MAN-1 +active +execute +2 of 5 a day +2026-04-01T09:00:00Z +GOI-1\n$/,
    refused: "deliverables.mandates.list",
    by: missing("customer_not_found"),
  },
  {
    args: "mandates show MAN-1",
    answers: { "deliverables.mandates.get": ({ params }) => params.id === "MAN-1" && body.mandate },
    says: /mandate_id +MAN-1\n/,
    refused: "deliverables.mandates.get",
    by: missing("mandate_not_found"),
    words: /stint mandates list names those there are/,
  },
  {
    args: "mandates preview -",
    role: "customer",
    stdin,
    answers: {
      "deliverables.mandates.preview": ({ payload }) => payload.mandate.max_uses === 5 && preview,
    },
    says: /^DEL-1 +0 max_length +body\n$/,
    refused: "deliverables.mandates.preview",
    by: new Refusal(409, "mandates_forbidden", "No mandate may approve these drafts"),
    exit: 4,
  },
  {
    args: "mandates sign - --yes",
    role: "customer",
    stdin,
    answers: { "deliverables.mandates.sign": ({ payload }) => payload.action === "execute" && body.mandate },
    says: /mandate_id +MAN-1\n/,
    refused: "deliverables.mandates.sign",
    by: new Refusal(403, "duty_missing", "The token's duties do not allow this", { duty: "reviewer" }),
    exit: 5,
  },
  {
    args: "mandates revoke MAN-1 --reason Enough",
    role: "customer",
    answers: {
      "deliverables.mandates.revoke": ({ params, payload }) =>
        params.id === "MAN-1" && payload.reason === "Enough" &&
        {
          ...body.mandate,
          state: "revoked",
          revoked_at: body.mandate.created_at,
          revoked_by: "CUS-1",
          revoke_reason: "Enough",
        },
    },
    says: /state +revoked\n/,
    refused: "deliverables.mandates.revoke",
    by: missing("mandate_not_found"),
  },
]
