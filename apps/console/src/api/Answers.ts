/** The scheduler's answers: when a rule fires next, and why a goal ran or did not. */
import { Explanation, GoalPreview, RulePreview } from "@stint/domain/scheduler/Answers"
import { queryOptions } from "@tanstack/react-query"
import { call, decoder } from "./Client.ts"

const decodePreview = decoder(RulePreview)
const decodeGoalPreview = decoder(GoalPreview)
const decodeExplanation = decoder(Explanation)

const goalUrl = (goal: string): string => `/api/v1/scheduler/goals/${encodeURIComponent(goal)}`

/** How often it is asked again whether a goal runs that does not, in milliseconds: not every pause ends through this front door. */
const AGAIN_MS = 15_000

/** The next fires of a stored goal, and whether it will run. */
export const goalPreviewQuery = (goal: string, count: number) =>
  queryOptions({
    queryKey: ["goals", "preview", goal, count],
    queryFn: ({ signal }) => call("GET", `${goalUrl(goal)}/preview`, decodeGoalPreview, { query: { count }, signal }),
    refetchInterval: ({ state }) => state.data?.will_run === false ? AGAIN_MS : false,
  })

/** The fires of a rule that is not saved. */
export const previewRule = (rule: object, signal: AbortSignal): Promise<RulePreview> =>
  call("POST", "/api/v1/scheduler/preview", decodePreview, { body: rule, signal })

/** Why a goal ran at an instant, or did not. */
export const explanationQuery = (goal: string, at: Date) =>
  queryOptions({
    queryKey: ["runs", "why", goal, at.toISOString()],
    queryFn: ({ signal }) =>
      call("GET", `${goalUrl(goal)}/explain`, decodeExplanation, { query: { at: at.toISOString() }, signal }),
  })
