import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { type BatchAnswer, type BatchItem } from "@stint/domain/deliverables/Drafts"
import { Unavailable } from "@stint/domain/Problem"
import { madeAt, problemOf } from "@stint/edge/Replies"
import { RequestId } from "@stint/edge/RequestContext"
import { Effect, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { asBefore, locationOf } from "../Deliverables/Wire.ts"
import { type DraftOutcome, Drafts } from "../Drafts.ts"

const answers = (
  { answer, items }: { readonly answer?: "deliverables" | "ids"; readonly items: ReadonlyArray<BatchItem> },
  outcomes: ReadonlyArray<DraftOutcome>,
  request_id: string,
) => ({
  items: outcomes.map((outcome, i): BatchAnswer => {
    const { idempotency_key } = items[i]!
    if (Result.isSuccess(outcome)) {
      if ("making" in outcome.success) {
        // who says nothing of the answer is of 0.2.0: it asks again, uncharged
        return answer === undefined
          ? { idempotency_key, problem: problemOf(new Unavailable({ detail: "The draft is being made" }), request_id) }
          : { idempotency_key, making: outcome.success.making }
      }
      const { deliverable_id, show } = outcome.success
      if (answer === "ids") return { idempotency_key, deliverable_id }
      return { idempotency_key, deliverable: answer === undefined ? asBefore(show()) : show() }
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
