/** Deliverables: drafts, decisions, executions and deliveries. */
import { Delivery, type DeliveryId } from "@stint/domain/deliverables/Deliveries"
import {
  Deliverable,
  type DeliveryState,
  type ExecutionStatus,
  type ReviewStatus,
} from "@stint/domain/deliverables/Deliverables"
import type { Decision } from "@stint/domain/deliverables/Reviews"
import type { CustomerId } from "@stint/domain/Ids"
import { listOf } from "@stint/domain/Protocol"
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query"
import { call, decoder, idempotencyKey } from "./Client.ts"
import { PAGE } from "./Queries.ts"

const decode = decoder(Deliverable)
const decodeList = decoder(listOf(Deliverable))
const decodeDelivery = decoder(Delivery)
const decodeDeliveries = decoder(listOf(Delivery))

/** Which drafts a list has; what is left out filters nothing. */
export interface InboxFilter {
  readonly customer_id?: CustomerId | undefined
  readonly review_status?: ReviewStatus | undefined
  readonly execution_status?: ExecutionStatus | undefined
  readonly agent_id?: string | undefined
  readonly hired_instance_id?: string | undefined
  readonly goal_instance_id?: string | undefined
  readonly search?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Only what waits and expires within a day. */
  readonly expiring?: "true" | undefined
  /** What expires first, of what waits; the newest first without it. */
  readonly order?: "expiry" | undefined
}

/** Drafts, page by page. */
export const inboxQuery = (filter: InboxFilter) =>
  infiniteQueryOptions({
    queryKey: ["deliverables", "inbox", filter],
    queryFn: ({ pageParam, signal }) =>
      call("GET", "/api/v1/deliverables", decodeList, {
        query: { ...filter, cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** One draft. */
export const deliverableQuery = (id: string) =>
  queryOptions({
    queryKey: ["deliverables", "one", id],
    queryFn: ({ signal }) => call("GET", `/api/v1/deliverables/${encodeURIComponent(id)}`, decode, { signal }),
  })

/** Deliveries of a customer in a state, the newest first. */
export const deliveriesQuery = (customer_id: CustomerId, state: DeliveryState) =>
  queryOptions({
    queryKey: ["deliverables", "deliveries", customer_id, state],
    queryFn: ({ signal }) =>
      call("GET", "/api/v1/deliveries", decodeDeliveries, { query: { customer_id, state, limit: PAGE }, signal }),
  })

/** What is signed: this revision and content, and no other that stands there meanwhile. */
export const signed = ({ content_sha256, revision }: Deliverable, decision: Decision, notes: string) => ({
  decision,
  ...(revision === undefined ? {} : { revision }),
  ...(content_sha256 === undefined ? {} : { content_sha256 }),
  ...(notes.trim() === "" ? {} : { notes: notes.trim() }),
})

/** Decides on a draft as it was shown. */
export const review = (draft: Deliverable, decision: Decision, notes: string): Promise<Deliverable> =>
  call("POST", `/api/v1/deliverables/${encodeURIComponent(draft.deliverable_id)}/review`, decode, {
    headers: { "idempotency-key": idempotencyKey() },
    body: signed(draft, decision, notes),
  })

/** Executes an approved draft. `key` is kept by the caller, so that a press that is repeated executes once. */
export const execute = ({ approval_id, deliverable_id }: Deliverable, key: string): Promise<Deliverable> =>
  call("POST", `/api/v1/deliverables/${encodeURIComponent(deliverable_id)}/execute`, decode, {
    headers: { "idempotency-key": key },
    body: approval_id === null ? {} : { approval_id },
  })

/** Tries a delivery again that failed, or that waits for its next attempt. */
export const retryDelivery = (id: typeof DeliveryId.Type): Promise<Delivery> =>
  call("POST", `/api/v1/deliveries/${encodeURIComponent(id)}/retry`, decodeDelivery, {
    headers: { "idempotency-key": idempotencyKey() },
    body: {},
  })
