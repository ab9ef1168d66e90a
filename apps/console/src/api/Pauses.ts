/** The pauses that bind a customer. */
import type { CustomerId } from "@stint/domain/Ids"
import { HoldingPause } from "@stint/domain/scheduler/Pauses"
import { queryOptions } from "@tanstack/react-query"
import { Schema } from "effect"
import { call, decoder } from "./Client.ts"

const decode = decoder(Schema.Struct({ items: Schema.Array(HoldingPause) }))

/** How often it is asked again while something is paused, in milliseconds: not every pause ends through this front door. */
const AGAIN_MS = 15_000

/** What is paused of a customer: everything, it, or agents of it. */
export const pausesQuery = (customer_id: CustomerId) =>
  queryOptions({
    queryKey: ["scheduler", "pauses", customer_id],
    queryFn: ({ signal }) => call("GET", "/api/v1/scheduler/pauses", decode, { query: { customer_id }, signal }),
    refetchInterval: ({ state }) => (state.data?.items.length ?? 0) > 0 ? AGAIN_MS : false,
  })
