/** Subscriptions: what a customer pays for. */
import { type Duration, Subscription } from "@stint/domain/hiring/Subscriptions"
import type { CustomerId } from "@stint/domain/Ids"
import { listOf } from "@stint/domain/Protocol"
import { queryOptions } from "@tanstack/react-query"
import { call, decoder, idempotencyKey } from "./Client.ts"
import { everyPage } from "./Pages.ts"

const decode = decoder(Subscription.json)
const decodeList = decoder(listOf(Subscription.json))

/** All subscriptions of a customer. */
export const subscriptionsQuery = (customer_id: CustomerId) =>
  queryOptions({
    queryKey: ["hires", "subscriptions", customer_id],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        call("GET", "/api/v1/subscriptions", decodeList, { query: { customer_id, cursor, limit: 200 }, signal })
      ),
  })

/** Subscribes a customer to an agent type. `key` is kept by the caller, so that a press that is repeated subscribes once. */
export const subscribe = (
  agent_id: string,
  customer_id: CustomerId,
  duration: Duration,
  key: string,
): Promise<Subscription> =>
  call("POST", "/api/v1/subscriptions", decode, {
    headers: { "idempotency-key": key },
    body: { agent_id, customer_id, duration },
  })

/** Cancels a subscription, at once or at the end of its period. */
export const cancelSubscription = (id: string, at_period_end: boolean): Promise<Subscription> =>
  call("POST", `/api/v1/subscriptions/${encodeURIComponent(id)}/cancel`, decode, {
    headers: { "idempotency-key": idempotencyKey() },
    body: { at_period_end },
  })
