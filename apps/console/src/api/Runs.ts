/** Runs: which slot of a goal ran, and how it went. */
import { listOf } from "@stint/domain/Protocol"
import { Run } from "@stint/domain/scheduler/Runs"
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query"
import { call, decoder, idempotencyKey, type Query } from "./Client.ts"
import { somePages } from "./Pages.ts"
import { PAGE } from "./Queries.ts"

const decode = decoder(Run)
const decodeList = decoder(listOf(Run))

/** Runs, the latest slot first, page by page. */
export const runsQuery = (filter: Query) =>
  infiniteQueryOptions({
    queryKey: ["runs", "list", filter],
    queryFn: ({ pageParam, signal }) =>
      call("GET", "/api/v1/scheduler/runs", decodeList, {
        query: { ...filter, cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** Runs of a time, from at most so many pages of 200; `more` says that it has others. */
export const runsBetweenQuery = (filter: Query, pages: number) =>
  queryOptions({
    queryKey: ["runs", "between", filter, pages],
    queryFn: ({ signal }) =>
      somePages(
        (cursor) =>
          call("GET", "/api/v1/scheduler/runs", decodeList, { query: { ...filter, cursor, limit: 200 }, signal }),
        pages,
      ),
    placeholderData: keepPreviousData,
  })

/** How many runs a page of the long list has: as many as the API gives. */
export const RUNS_PAGE = 200

const page = (filter: Query, cursor: string, signal: AbortSignal) =>
  call("GET", "/api/v1/scheduler/runs", decodeList, { query: { ...filter, cursor, limit: RUNS_PAGE }, signal })

/** The first page of a list, which changes refresh. */
export const runsHeadQuery = (filter: Query) =>
  queryOptions({
    queryKey: ["runs", "head", filter],
    queryFn: ({ signal }) => page(filter, "", signal),
  })

/**
 * A list of runs as it was when it was read, page by page. Its key has no topic: to read 500 pages again at every change
 * would be no list to scroll in. What changes at its beginning is in the head.
 */
export const runsSnapshotQuery = (filter: Query) =>
  infiniteQueryOptions({
    queryKey: ["snapshot", "runs", filter],
    queryFn: ({ pageParam, signal }) => page(filter, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    staleTime: Infinity,
    gcTime: 0,
  })

/** One run, with its attempts. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["runs", "one", id],
    queryFn: ({ signal }) => call("GET", `/api/v1/scheduler/runs/${encodeURIComponent(id)}`, decode, { signal }),
  })

/** Cancels a run. */
export const cancelRun = (id: string, reason: string): Promise<Run> =>
  call("POST", `/api/v1/scheduler/runs/${encodeURIComponent(id)}/cancel`, decode, {
    headers: { "idempotency-key": idempotencyKey() },
    body: { reason },
  })

/** How often figures over many runs are read again, in milliseconds. */
const FIGURES_MS = 15_000

/** The latest runs of a filter, at most so many pages of 200: figures are taken of them. `more` says that there are others. */
export const runsSampleQuery = (name: string, filter: (now: number) => Query, pages: number) =>
  queryOptions({
    queryKey: ["snapshot", "sample", name, pages],
    queryFn: async ({ signal }) => {
      const now = Date.now()
      const query = filter(now)
      return { now, ...await somePages((cursor) => page(query, cursor, signal), pages) }
    },
    refetchInterval: FIGURES_MS,
  })
