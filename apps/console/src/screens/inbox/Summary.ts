/** A draft in a few words: what it is, and how it stands. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { type DraftPayload, intentAction, validationErrors } from "@stint/domain/Payload"
import { counted, titled } from "../../format/Words.ts"
import type { Kind } from "../../ui/Tag.tsx"

/** What a draft has in it. */
export const summaryOf = (payload: DraftPayload): string => {
  switch (payload.type) {
    case "marketing_draft_batch_v1":
      return counted(payload.variants.length, "post")
    case "trading_intent_plan_v1": {
      const failed = validationErrors(payload)
      const order = `${payload.side} ${payload.units} ${payload.coin}`
      return failed.length === 0 ? `${order}, all checks hold` : `${order}, ${failed.join(", ")} fails`
    }
    case "trading_close_position_proposal_v1":
      return `close positions at ${payload.window_local_time}`
    case "trading_guardrail_report_v1":
      return "a report, nothing to act on"
    case "structured_deliverable_v1":
      return payload.title
    case "generic_deliverable_v1":
      return payload.body.split("\n").find((line) => line.trim() !== "")?.replace(/^[#>*\s-]+/, "") ?? "a document"
  }
}

/** What executing a draft does, as a command: Publish, Place order. */
export const verbOf = (payload: DraftPayload): string => {
  const action = intentAction(payload)
  return action === undefined ? "Execute" : titled(action)
}

/** How a draft stands, in a word or two. */
export const stateOf = (
  { execution, execution_status, mandate_id, payload, review_status }: Deliverable,
): { readonly kind: Kind; readonly words: string } => {
  if (execution_status === "executed") return { kind: "ok", words: "executed" }
  if (review_status === "rejected") return { kind: "plain", words: "rejected" }
  if (review_status === "expired") return { kind: "plain", words: "expired" }
  if (review_status === "in_revision") return { kind: "run", words: "in revision" }
  if (execution?.state === "failed") return { kind: "bad", words: "delivery failed" }
  if (execution?.state === "refused") return { kind: "bad", words: "delivery refused" }
  if (execution !== undefined) return { kind: "run", words: "being delivered" }
  if (review_status === "approved") {
    return { kind: "ok", words: typeof mandate_id === "string" ? "signed by mandate" : "approved" }
  }
  return validationErrors(payload).length > 0
    ? { kind: "bad", words: "can't be approved" }
    : { kind: "wait", words: "waits for you" }
}
