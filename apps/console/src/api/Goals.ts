/** Goals of a hire. */
import { Goal, type GoalDraft, RunQueued } from "@stint/domain/hiring/Goals"
import { listOf } from "@stint/domain/Protocol"
import { queryOptions } from "@tanstack/react-query"
import { Schema } from "effect"
import { call, decoder, idempotencyKey } from "./Client.ts"
import { hireUrl } from "./Hires.ts"
import { everyPage } from "./Pages.ts"

const decode = decoder(Goal.json)
const decodeList = decoder(listOf(Goal.json))
const decodeQueued = decoder(RunQueued)
const decodeDeleted = decoder(Schema.Struct({ deleted: Schema.Boolean }))

/** A goal as it is stored. */
export type StoredGoal = typeof Goal.json.Type

const goalUrl = (hire: string, goal: string): string => `${hireUrl(hire)}/goals/${encodeURIComponent(goal)}`
const keyed = () => ({ "idempotency-key": idempotencyKey() })

/** All goals of a hire (at most 100). */
export const goalsQuery = (hire: string) =>
  queryOptions({
    queryKey: ["goals", "of", hire],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        call("GET", `${hireUrl(hire)}/goals`, decodeList, { query: { cursor, limit: 200 }, signal })
      ),
  })

/** Makes a goal, or changes the one that the draft names. */
export const putGoal = (hire: string, draft: GoalDraft): Promise<StoredGoal> =>
  call("PUT", `${hireUrl(hire)}/goals`, decode, { headers: keyed(), body: draft })

/** Deletes a goal, with its runs and drafts. */
export const deleteGoal = (hire: string, goal: string): Promise<{ readonly deleted: boolean }> =>
  call("DELETE", goalUrl(hire, goal), decodeDeleted)

/** Runs a goal now. */
export const runGoal = (hire: string, goal: string): Promise<RunQueued> =>
  call("POST", `${goalUrl(hire, goal)}/run`, decodeQueued, { headers: keyed(), body: {} })
