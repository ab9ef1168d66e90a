/** Decisions on drafts: those that were taken, and many at once. Apart from the drafts, whose list is what a page shows first. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { Approval, type Decision, DecisionAnswer } from "@stint/domain/deliverables/Reviews"
import { listOf } from "@stint/domain/Protocol"
import { queryOptions } from "@tanstack/react-query"
import { Schema } from "effect"
import { call, decoder, idempotencyKey } from "./Client.ts"
import { signed } from "./Deliverables.ts"

const decodeApprovals = decoder(listOf(Approval.json))
const decodeApproval = decoder(Approval.json)
const decodeDecisions = decoder(Schema.Struct({ items: Schema.Array(DecisionAnswer) }))

/** The decisions on a draft. */
export const approvalsQuery = (id: string) =>
  queryOptions({
    queryKey: ["deliverables", "approvals", id],
    queryFn: ({ signal }) =>
      call("GET", `/api/v1/deliverables/${encodeURIComponent(id)}/approvals`, decodeApprovals, { signal }),
  })

/** Withdraws an approval: its draft waits for a decision again. */
export const withdraw = (approval_id: string): Promise<unknown> =>
  call("POST", `/api/v1/approvals/${encodeURIComponent(approval_id)}/withdraw`, decodeApproval, {
    headers: { "idempotency-key": idempotencyKey() },
    body: {},
  })

/** Decides on many drafts as they were shown, at most 200; an answer for each, in their order. */
export const decide = (
  drafts: ReadonlyArray<Deliverable>,
  decision: Decision,
  notes: string,
): Promise<ReadonlyArray<DecisionAnswer>> =>
  call("POST", "/api/v1/deliverables/decisions", decodeDecisions, {
    headers: { "idempotency-key": idempotencyKey() },
    body: {
      items: drafts.map((draft) => ({
        deliverable_id: draft.deliverable_id,
        ...signed(draft, decision, notes),
      })),
    },
  }).then(({ items }) => items)
