/** Contract to services, one line per endpoint. */
import { CurrentCaller } from "@stint/domain/Caller"
import { type BatchAnswer, type BatchItem, type Deliverable } from "@stint/domain/deliverables/Deliverables"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { madeAt } from "@stint/edge/Replies"
import { RequestId } from "@stint/edge/RequestContext"
import { Effect, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Deliverables } from "../Deliverables.ts"
import { type DraftOutcome, Drafts } from "../Drafts.ts"
import { Executions } from "../Executions.ts"
import { Reviews } from "../Reviews.ts"

const placeOf = (deliverable: Deliverable) => `/api/v1/deliverables/${deliverable.deliverable_id}`

const made = (deliverable: Deliverable) => madeAt(placeOf(deliverable), deliverable)

/** 200 once it is executed; else 202, and where to see how it goes. */
const executed = (deliverable: Deliverable) =>
  deliverable.execution_status === "executed" ? deliverable : madeAt(placeOf(deliverable), deliverable)

const answers = (items: ReadonlyArray<BatchItem>, outcomes: ReadonlyArray<DraftOutcome>, request_id: string) => ({
  items: outcomes.map((outcome, i): BatchAnswer => {
    const { idempotency_key } = items[i]!
    if (Result.isSuccess(outcome)) return { idempotency_key, deliverable: outcome.success }
    const { code, detail, status, title, type } = outcome.failure
    const problem = { type, title, status, code, request_id, ...(detail === undefined ? {} : { detail }) }
    return { idempotency_key, problem }
  }),
})

/** The handlers of deliverables and approvals. */
export const DeliverablesHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "deliverables",
  Effect.fn(function* (handlers) {
    const deliverables = yield* Deliverables
    const drafts = yield* Drafts
    const executions = yield* Executions
    const reviews = yield* Reviews
    return handlers.handleAll({
      create: ({ headers, payload }) => Effect.map(drafts.create(headers["idempotency-key"], payload), made),
      createBatch: ({ payload: { items } }) =>
        Effect.zipWith(drafts.createBatch(items), RequestId, (outcomes, id) => answers(items, outcomes, id)),
      inbox: ({ query }) => CurrentCaller.use((caller) => deliverables.inbox(caller, query.customer_id, query)),
      get: ({ params }) => CurrentCaller.use((caller) => deliverables.get(caller, params.id)),
      byHire: ({ params, query }) => CurrentCaller.use((caller) => deliverables.byHire(caller, params.hire, query)),
      review: ({ params, payload }) => CurrentCaller.use((caller) => reviews.review(caller, params.id, payload)),
      execute: ({ params, payload }) =>
        CurrentCaller.use((caller) => Effect.map(executions.execute(caller, params.id, payload.approval_id), executed)),
      remove: ({ params }) =>
        CurrentCaller.use((caller) =>
          Effect.as(deliverables.remove(caller, params.id), { deleted: true, deliverable_id: params.id })
        ),
      approvals: ({ params, query }) => CurrentCaller.use((caller) => reviews.ofDeliverable(caller, params.id, query)),
      approval: ({ params }) => CurrentCaller.use((caller) => reviews.get(caller, params.id)),
      approvalsOf: ({ query }) => CurrentCaller.use((caller) => reviews.ofCustomer(caller, query.customer_id, query)),
    })
  }),
)
