/** Mandates: rules that sign in place of a person. */
import { Mandate, MandatePreview, type NewMandate } from "@stint/domain/deliverables/Mandates"
import type { CustomerId } from "@stint/domain/Ids"
import { listOf } from "@stint/domain/Protocol"
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query"
import { call, decoder, idempotencyKey } from "./Client.ts"
import { PAGE } from "./Queries.ts"

const decode = decoder(Mandate)
const decodeList = decoder(listOf(Mandate))
const decodePreview = decoder(MandatePreview)

const url = "/api/v1/mandates"

/** A mandate as it is sent. */
export type Asked = typeof NewMandate.Encoded

/** The mandates of a customer, the newest first, page by page. A use is a change of a deliverable. */
export const mandatesQuery = (customer_id: CustomerId) =>
  infiniteQueryOptions({
    queryKey: ["deliverables", "mandates", customer_id],
    queryFn: ({ pageParam, signal }) =>
      call("GET", url, decodeList, { query: { customer_id, cursor: pageParam, limit: PAGE }, signal }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** One mandate. */
export const mandateQuery = (id: string) =>
  queryOptions({
    queryKey: ["deliverables", "mandates", "one", id],
    queryFn: ({ signal }) => call("GET", `${url}/${encodeURIComponent(id)}`, decode, { signal }),
  })

/** Which past drafts it would have covered. */
export const previewMandate = (mandate: Asked): Promise<MandatePreview> =>
  call("POST", `${url}/preview`, decodePreview, { body: { mandate } })

/** Signs one. `key` is kept by the caller, so that a press that is repeated signs once. */
export const signMandate = (mandate: Asked, key: string): Promise<Mandate> =>
  call("POST", url, decode, { headers: { "idempotency-key": key }, body: mandate })

/** Ends one at once. */
export const revokeMandate = (id: string, reason: string): Promise<Mandate> =>
  call("POST", `${url}/${encodeURIComponent(id)}/revoke`, decode, {
    headers: { "idempotency-key": idempotencyKey() },
    body: reason.trim() === "" ? {} : { reason: reason.trim() },
  })
