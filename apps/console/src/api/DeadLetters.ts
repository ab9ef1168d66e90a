/** Dead letters: by cause, one by one, and what is done with them. */
import {
  DeadLetter,
  DeadLetterCause,
  DeadLetterCounts,
  type DeadLetterState,
  type Redrive,
  Redriven,
  Retried,
} from "@stint/domain/scheduler/DeadLetters"
import { listOf } from "@stint/domain/Protocol"
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query"
import { Schema } from "effect"
import { call, decoder, idempotencyKey, type Query } from "./Client.ts"
import { onlyCustomerOf } from "./OnlyCustomer.ts"
import { runsPage } from "./Runs.ts"

const decode = decoder(DeadLetter)
const decodeList = decoder(listOf(DeadLetter))
const decodeCauses = decoder(Schema.Struct({ items: Schema.Array(DeadLetterCause) }))
const decodeCounts = decoder(DeadLetterCounts)
const decodeRetried = decoder(Retried)
const decodeRedriven = decoder(Redriven)

const url = (id: string): string => `/api/v1/scheduler/dlq/${encodeURIComponent(id)}`
const page = (filter: Query, cursor: string, signal: AbortSignal) =>
  call("GET", "/api/v1/scheduler/dlq", decodeList, { query: { ...filter, cursor, limit: 200 }, signal })

/** The causes of the dead letters in a state, at most 200, that of the most entries first. */
export const causesQuery = (state: DeadLetterState) =>
  queryOptions({
    queryKey: ["dead_letters", "causes", state],
    queryFn: ({ signal }) => call("GET", "/api/v1/scheduler/dlq/causes", decodeCauses, { query: { state }, signal }),
  })

/** How many are in each state. */
export const deadLetterCountsQuery = queryOptions({
  queryKey: ["dead_letters", "counts"],
  queryFn: ({ signal }) => call("GET", "/api/v1/scheduler/dlq/counts", decodeCounts, { signal }),
})

/** Dead letters, the latest failure first, page by page. */
export const deadLettersQuery = (filter: Query) =>
  infiniteQueryOptions({
    queryKey: ["dead_letters", "list", filter],
    queryFn: ({ pageParam, signal }) => page(filter, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** One dead letter. */
export const deadLetterQuery = (id: string) =>
  queryOptions({
    queryKey: ["dead_letters", "one", id],
    queryFn: ({ signal }) => call("GET", url(id), decode, { signal }),
  })

/** The open dead letter of a goal: it has at most one. */
export const deadLetterOfGoalQuery = (goal: string) =>
  queryOptions({
    queryKey: ["dead_letters", "of", goal],
    queryFn: ({ signal }) =>
      page({ goal_instance_id: goal, state: "open" }, "", signal).then(({ items }) => items[0] ?? null),
  })

/** How far back the health looks, and how often it is asked whose runs fail, in milliseconds. */
const HOUR_MS = 3_600_000
const WHOSE_MS = 15_000

/** The one customer whose runs failed for good in the last hour, wait as dead letters, or are retried; null where it is not one alone. */
export const onlyCustomerQuery = queryOptions({
  queryKey: ["dead_letters", "whose"],
  queryFn: async ({ signal }): Promise<string | null> => {
    const from = new Date(Date.now() - HOUR_MS).toISOString()
    const pages = await Promise.all([
      page({ from }, "", signal),
      page({ state: "open" }, "", signal),
      runsPage({ status: "retrying" }, "", signal),
    ])
    return onlyCustomerOf(pages)
  },
  refetchInterval: WHOSE_MS,
})

/** Queues all runs of an entry again. */
export const retryDeadLetter = (id: string): Promise<typeof Retried.Type> =>
  call("POST", `${url(id)}/retry`, decodeRetried, { headers: { "idempotency-key": idempotencyKey() }, body: {} })

/** Queues the runs of many entries again, or says which (`dry_run`). */
export const redrive = (asked: typeof Redrive.Encoded, key: string): Promise<Redriven> =>
  call("POST", "/api/v1/scheduler/dlq/redrive", decodeRedriven, { headers: { "idempotency-key": key }, body: asked })

/** Closes an entry; its runs stay as they are. */
export const discard = (id: string, reason: string): Promise<DeadLetter> =>
  call("DELETE", url(id), decode, { body: { reason } })
