/** Customers and their subscriptions, as operators handle them. */
import { Customer, type NewCustomer } from "@stint/domain/hiring/Customers"
import { Subscription } from "@stint/domain/hiring/Subscriptions"
import type { SubscriptionStatus } from "@stint/domain/hiring/SubscriptionStatus"
import { listOf } from "@stint/domain/Protocol"
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query"
import { call, decoder, idempotencyKey } from "./Client.ts"

const decode = decoder(Customer)
const decodeList = decoder(listOf(Customer))
const decodeSubscription = decoder(Subscription.json)
const decodeSubscriptions = decoder(listOf(Subscription.json))

/** How often what no event tells of is read again, in milliseconds. */
const AGAIN_MS = 15_000

const keyed = () => ({ "idempotency-key": idempotencyKey() })

/** The customers that have a record, page by page; with `email` the one of that address. */
export const customersQuery = (email: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["hires", "customers", email ?? ""],
    queryFn: ({ pageParam, signal }) =>
      call("GET", "/api/v1/customers", decodeList, { query: { email, cursor: pageParam, limit: 200 }, signal }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** A customer's record. A customer without one has subscriptions and hires all the same. */
export const customerQuery = (id: string) =>
  queryOptions({
    queryKey: ["hires", "customer", id],
    queryFn: ({ signal }) => call("GET", `/api/v1/customers/${encodeURIComponent(id)}`, decode, { signal }),
  })

/** Makes a customer's record under a new id. `key` is kept by the caller, so that a press that is repeated makes one. */
export const makeCustomer = (customer: typeof NewCustomer.Encoded, key: string): Promise<Customer> =>
  call("POST", "/api/v1/customers", decode, { headers: { "idempotency-key": key }, body: customer })

/** Says that the contacts are the customer's. */
export const verifyCustomer = (id: string): Promise<Customer> =>
  call("POST", `/api/v1/customers/${encodeURIComponent(id)}/verify`, decode, { headers: keyed(), body: {} })

/** The subscriptions of all customers that are in a status, the oldest first, page by page. */
export const subscriptionsInQuery = (status: SubscriptionStatus) =>
  infiniteQueryOptions({
    queryKey: ["hires", "subscriptions_in", status],
    queryFn: ({ pageParam, signal }) =>
      call("GET", "/api/v1/subscriptions", decodeSubscriptions, {
        query: { status, cursor: pageParam, limit: 200 },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    // no event tells operators of what customers ask for
    refetchInterval: AGAIN_MS,
  })

/** Activates a subscription, or marks it past due. */
export const moveSubscription = (id: string, to: "activate" | "past-due"): Promise<Subscription> =>
  call("POST", `/api/v1/subscriptions/${encodeURIComponent(id)}/${to}`, decodeSubscription, {
    headers: keyed(),
    body: {},
  })
