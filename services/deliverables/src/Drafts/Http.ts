import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { type BatchAnswer, type BatchItem } from "@stint/domain/deliverables/Drafts"
import { madeAt, problemOf } from "@stint/edge/Replies"
import { RequestId } from "@stint/edge/RequestContext"
import { Effect, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { locationOf } from "../Deliverables/Wire.ts"
import { type DraftOutcome, Drafts } from "../Drafts.ts"

const answers = (
  { answer, items }: { readonly answer?: "deliverables" | "ids"; readonly items: ReadonlyArray<BatchItem> },
  outcomes: ReadonlyArray<DraftOutcome>,
  request_id: string,
) => ({
  items: outcomes.map((outcome, i): BatchAnswer => {
    const { idempotency_key } = items[i]!
    if (Result.isSuccess(outcome)) {
      const { deliverable_id, show } = outcome.success
      return answer === "ids" ? { idempotency_key, deliverable_id } : { idempotency_key, deliverable: show() }
    }
    return { idempotency_key, problem: problemOf(outcome.failure, request_id) }
  }),
})

export const DraftsHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "drafts",
  Effect.fn(function* (handlers) {
    const drafts = yield* Drafts
    return handlers.handleAll({
      create: ({ headers, payload }) =>
        Effect.map(drafts.create(headers["idempotency-key"], payload), (made) => madeAt(locationOf(made), made)),
      createBatch: ({ payload }) =>
        Effect.zipWith(drafts.createBatch(payload.items), RequestId, (outcomes, id) => answers(payload, outcomes, id)),
    })
  }),
)
