/** Hiring: subscriptions, hires and goals. */
import { Goal, type GoalDraft, RunQueued } from "@stint/domain/hiring/Goals"
import { Hire, type HireDraft } from "@stint/domain/hiring/Hires"
import { type Duration, Subscription } from "@stint/domain/hiring/Subscriptions"
import type { CustomerId } from "@stint/domain/Ids"
import { listOf } from "@stint/domain/Protocol"
import { queryOptions } from "@tanstack/react-query"
import { Schema } from "effect"
import { call, decoder, idempotencyKey } from "./Client.ts"
import { everyPage } from "./Pages.ts"

const decodeHire = decoder(Hire)
const decodeHires = decoder(listOf(Hire))
const decodeGoal = decoder(Goal.json)
const decodeGoals = decoder(listOf(Goal.json))
const decodeSubscription = decoder(Subscription.json)
const decodeSubscriptions = decoder(listOf(Subscription.json))
const decodeQueued = decoder(RunQueued)
const decodeDeleted = decoder(Schema.Struct({ deleted: Schema.Boolean }))

const hireUrl = (id: string): string => `/api/v1/hired-agents/${encodeURIComponent(id)}`
const goalUrl = (hire: string, goal: string): string => `${hireUrl(hire)}/goals/${encodeURIComponent(goal)}`
const keyed = () => ({ "idempotency-key": idempotencyKey() })

/** All hires of a customer (at most 200 live ones). */
export const hiresQuery = (customer_id: CustomerId) =>
  queryOptions({
    queryKey: ["hires", "of", customer_id],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        call("GET", "/api/v1/hired-agents", decodeHires, { query: { customer_id, cursor, limit: 200 }, signal })
      ),
  })

/** One hire. */
export const hireQuery = (id: string) =>
  queryOptions({
    queryKey: ["hires", "one", id],
    queryFn: ({ signal }) => call("GET", hireUrl(id), decodeHire, { signal }),
  })

/** All subscriptions of a customer. */
export const subscriptionsQuery = (customer_id: CustomerId) =>
  queryOptions({
    queryKey: ["hires", "subscriptions", customer_id],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        call("GET", "/api/v1/subscriptions", decodeSubscriptions, {
          query: { customer_id, cursor, limit: 200 },
          signal,
        })
      ),
  })

/** All goals of a hire (at most 100). */
export const goalsQuery = (hire: string) =>
  queryOptions({
    queryKey: ["goals", "of", hire],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        call("GET", `${hireUrl(hire)}/goals`, decodeGoals, { query: { cursor, limit: 200 }, signal })
      ),
  })

/** Subscribes a customer to an agent type. `key` is kept by the caller, so that a press that is repeated subscribes once. */
export const subscribe = (
  agent_id: string,
  customer_id: CustomerId,
  duration: Duration,
  key: string,
): Promise<Subscription> =>
  call("POST", "/api/v1/subscriptions", decodeSubscription, {
    headers: { "idempotency-key": key },
    body: { agent_id, customer_id, duration },
  })

/** Cancels a subscription, at once or at the end of its period. */
export const cancelSubscription = (id: string, at_period_end: boolean): Promise<Subscription> =>
  call("POST", `/api/v1/subscriptions/${encodeURIComponent(id)}/cancel`, decodeSubscription, {
    headers: keyed(),
    body: { at_period_end },
  })

/** Stores the draft of a hire: makes it, or changes its config or settings. */
export const draftHire = (draft: HireDraft): Promise<Hire> =>
  call("PUT", "/api/v1/hired-agents/draft", decodeHire, { body: draft })

/** Finalizes a hire: from now on it runs. */
export const finalizeHire = (id: string): Promise<Hire> =>
  call("POST", `${hireUrl(id)}/finalize`, decodeHire, { headers: keyed(), body: {} })

/** Deactivates a hire, for good. */
export const deactivateHire = (id: string): Promise<Hire> =>
  call("POST", `${hireUrl(id)}/deactivate`, decodeHire, { headers: keyed(), body: {} })

/** Makes a goal, or changes the one that the draft names. */
export const putGoal = (hire: string, draft: GoalDraft): Promise<typeof Goal.json.Type> =>
  call("PUT", `${hireUrl(hire)}/goals`, decodeGoal, { headers: keyed(), body: draft })

/** Deletes a goal, with its runs and drafts. */
export const deleteGoal = (hire: string, goal: string): Promise<{ readonly deleted: boolean }> =>
  call("DELETE", goalUrl(hire, goal), decodeDeleted)

/** Runs a goal now. */
export const runGoal = (hire: string, goal: string): Promise<RunQueued> =>
  call("POST", `${goalUrl(hire, goal)}/run`, decodeQueued, { headers: keyed(), body: {} })
