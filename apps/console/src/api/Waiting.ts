/** What waits for a person: of a customer its own, for those who see all of all customers. */
import { DeliverableCounts } from "@stint/domain/deliverables/Deliverables"
import { Delivery } from "@stint/domain/deliverables/Deliveries"
import { listOf } from "@stint/domain/Protocol"
import { queryOptions } from "@tanstack/react-query"
import { call, decoder } from "./Client.ts"
import { PAGE } from "./Queries.ts"

const decodeCounts = decoder(DeliverableCounts)
const decodeDeliveries = decoder(listOf(Delivery))

/** How many drafts and deliveries wait for a person. */
export const countsQuery = queryOptions({
  queryKey: ["deliverables", "counts"],
  queryFn: ({ signal }) => call("GET", "/api/v1/deliverables/counts", decodeCounts, { signal }),
})

/** The deliveries of all customers that failed for good, the newest first. */
export const failedDeliveriesQuery = queryOptions({
  queryKey: ["deliverables", "deliveries", "failed"],
  queryFn: ({ signal }) =>
    call("GET", "/api/v1/deliveries", decodeDeliveries, { query: { state: "failed", limit: PAGE }, signal }),
})
