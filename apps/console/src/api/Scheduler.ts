/** The scheduler: runs, what comes next, and why. */
import { Explanation, GoalPreview, RulePreview } from "@stint/domain/scheduler/Answers"
import { Run } from "@stint/domain/scheduler/Runs"
import { Upcoming } from "@stint/domain/scheduler/Upcoming"
import { listOf } from "@stint/domain/Protocol"
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query"
import { call, decoder, type Query } from "./Client.ts"
import { somePages } from "./Pages.ts"
import { PAGE } from "./Queries.ts"

const decodeRuns = decoder(listOf(Run))
const decodeUpcoming = decoder(listOf(Upcoming))
const decodePreview = decoder(RulePreview)
const decodeGoalPreview = decoder(GoalPreview)
const decodeExplanation = decoder(Explanation)

/** Runs, the latest slot first, page by page. */
export const runsQuery = (filter: Query) =>
  infiniteQueryOptions({
    queryKey: ["runs", "list", filter],
    queryFn: ({ pageParam, signal }) =>
      call("GET", "/api/v1/scheduler/runs", decodeRuns, {
        query: { ...filter, cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** The most pages of 200 that a calendar reads. */
const CALENDAR_PAGES = 5

/** Runs of a time, as a calendar shows them; `more` says that it has others. */
export const runsBetweenQuery = (filter: Query, pages = CALENDAR_PAGES) =>
  queryOptions({
    queryKey: ["runs", "between", filter, pages],
    queryFn: ({ signal }) =>
      somePages((cursor) =>
        call("GET", "/api/v1/scheduler/runs", decodeRuns, { query: { ...filter, cursor, limit: 200 }, signal }), pages),
    placeholderData: keepPreviousData,
  })

/** What will run in a time of at most 31 days; `more` says that it has others. */
export const upcomingQuery = (filter: Query, pages = CALENDAR_PAGES) =>
  queryOptions({
    queryKey: ["scheduler", "upcoming", filter, pages],
    queryFn: ({ signal }) =>
      somePages(
        (cursor) =>
          call("GET", "/api/v1/scheduler/upcoming", decodeUpcoming, {
            query: { ...filter, cursor, limit: 200 },
            signal,
          }),
        pages,
      ),
    placeholderData: keepPreviousData,
  })

/** The next fires of a stored goal, and whether it will run. */
export const goalPreviewQuery = (goal: string, count: number) =>
  queryOptions({
    queryKey: ["goals", "preview", goal, count],
    queryFn: ({ signal }) =>
      call("GET", `/api/v1/scheduler/goals/${encodeURIComponent(goal)}/preview`, decodeGoalPreview, {
        query: { count },
        signal,
      }),
  })

/** The fires of a rule that is not saved. */
export const previewRule = (rule: unknown, signal?: AbortSignal): Promise<RulePreview> =>
  call("POST", "/api/v1/scheduler/preview", decodePreview, { body: rule, ...(signal === undefined ? {} : { signal }) })

/** Why a goal ran at an instant, or did not. */
export const explanationQuery = (goal: string, at: Date) =>
  queryOptions({
    queryKey: ["runs", "why", goal, at.toISOString()],
    queryFn: ({ signal }) =>
      call("GET", `/api/v1/scheduler/goals/${encodeURIComponent(goal)}/explain`, decodeExplanation, {
        query: { at: at.toISOString() },
        signal,
      }),
  })
