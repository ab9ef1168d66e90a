/** Runs: which slot of a goal ran, and how it went. */
import { listOf } from "@stint/domain/Protocol"
import { Run } from "@stint/domain/scheduler/Runs"
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query"
import { call, decoder, type Query } from "./Client.ts"
import { somePages } from "./Pages.ts"
import { PAGE } from "./Queries.ts"

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
