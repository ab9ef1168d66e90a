/** Runs: which slot of a goal ran, and how it went. */
import { listOf } from "@stint/domain/Protocol"
import { LastRun, Run, RunCounts } from "@stint/domain/scheduler/Runs"
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query"
import { call, decoder, idempotencyKey, type Query } from "./Client.ts"
import { millisOf, type Moment } from "../format/Time.ts"
import { somePages } from "./Pages.ts"
import { PAGE } from "./Queries.ts"

const decode = decoder(Run)
const decodeList = decoder(listOf(Run))
const decodeLast = decoder(listOf(LastRun))
const decodeCounts = decoder(RunCounts)

/** How many runs of a filter are in each status, which may not be named in it. */
export const runCountsQuery = (filter: Query) =>
  queryOptions({
    queryKey: ["runs", "counts", filter],
    queryFn: ({ signal }) => call("GET", "/api/v1/scheduler/runs/counts", decodeCounts, { query: filter, signal }),
    placeholderData: keepPreviousData,
  })

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

/** How many runs a page of the long list has: as many as the API gives. */
export const RUNS_PAGE = 200

/** A page of the runs of a filter, the latest slot first. */
export const runsPage = (filter: Query, cursor: string, signal?: AbortSignal) =>
  call("GET", "/api/v1/scheduler/runs", decodeList, { query: { ...filter, cursor, limit: RUNS_PAGE }, signal })

/** Runs of a time, from at most so many pages of 200; `more` says that it has others. */
export const runsBetweenQuery = (filter: Query, pages: number) =>
  queryOptions({
    queryKey: ["runs", "between", filter, pages],
    queryFn: ({ signal }) => somePages((cursor) => runsPage(filter, cursor, signal), pages),
    placeholderData: keepPreviousData,
  })

/** How often a run that is under way is read again, in milliseconds: of one whose slot is old no event tells. */
const UNDER_WAY_MS = 3_000

/** Whether it runs, or is to run by now. */
export const isUnderWay = ({ scheduled_time, status }: Run): boolean =>
  status === "running" || status === "retrying" ||
  (status === "pending" && scheduled_time.epochMilliseconds <= Date.now())

/** The first page of a list, which changes refresh. */
export const runsHeadQuery = (filter: Query) =>
  queryOptions({
    queryKey: ["runs", "head", filter],
    queryFn: ({ signal }) => runsPage(filter, "", signal),
    refetchInterval: ({ state }) => state.data?.items.some(isUnderWay) ? UNDER_WAY_MS : false,
  })

/**
 * A list of runs as it was when it was read, page by page. Its key has no topic: to read 500 pages again at every change
 * would be no list to scroll in. What changes at its beginning is in the head.
 */
export const runsSnapshotQuery = (filter: Query) =>
  infiniteQueryOptions({
    queryKey: ["snapshot", "runs", filter],
    queryFn: ({ pageParam, signal }) => runsPage(filter, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    staleTime: Infinity,
    // pages never change once they are read: comparing all of them at each new one would be the cost of a long list
    structuralSharing: false,
    gcTime: 0,
  })

/** How many pages of goals that failed are read: 1,000 goals. */
const FAILED_PAGES = 5

/** The goals of a filter whose last run that ended failed for good, each with that run. */
export const lastFailedQuery = (filter: Query) =>
  queryOptions({
    queryKey: ["runs", "failed", filter],
    queryFn: ({ signal }): Promise<ReadonlyArray<LastRun>> =>
      somePages(
        (cursor) =>
          call("GET", "/api/v1/scheduler/runs/last", decodeLast, {
            query: { ...filter, status: "dead_lettered", cursor, limit: RUNS_PAGE },
            signal,
          }),
        FAILED_PAGES,
      ).then(({ items }) => items),
  })

/** How often a run that was asked for is looked for until it is there, in milliseconds. */
const SOUGHT_MS = 1_000

/** The run of a goal by its slot: one that was asked for just now comes a moment later; null until then. */
export const runAtQuery = (goal_instance_id: string, slot: Moment) =>
  queryOptions({
    queryKey: ["runs", "at", goal_instance_id, millisOf(slot)],
    queryFn: ({ signal }) =>
      runsPage(
        {
          goal_instance_id,
          from: new Date(millisOf(slot)).toISOString(),
          to: new Date(millisOf(slot) + 1).toISOString(),
        },
        "",
        signal,
      ).then(({ items }) => items[0] ?? null),
    refetchInterval: ({ state: { data } }) => data == null ? SOUGHT_MS : isUnderWay(data) ? UNDER_WAY_MS : false,
  })

/** One run, with its attempts. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["runs", "one", id],
    queryFn: ({ signal }) => call("GET", `/api/v1/scheduler/runs/${encodeURIComponent(id)}`, decode, { signal }),
    refetchInterval: ({ state }) => state.data !== undefined && isUnderWay(state.data) ? UNDER_WAY_MS : false,
  })

/** Cancels a run. */
export const cancelRun = (id: string, reason: string): Promise<Run> =>
  call("POST", `/api/v1/scheduler/runs/${encodeURIComponent(id)}/cancel`, decode, {
    headers: { "idempotency-key": idempotencyKey() },
    body: { reason },
  })
