/** The goal and hire of each run: as they are kept at the revisions that the run names, else as hiring has them now. */
import { type BatchItem, DraftImpossible, RunLookupFailed } from "@stint/domain/deliverables/Drafts"
import { Clock, Effect, Result } from "effect"
import { Hiring } from "../Clients.ts"
import type { DraftProblem } from "../Drafts.ts"
import { Known } from "./Known.ts"
import { type Runnable, runnable } from "./Policy.ts"

/** What was found for a run: its goal and hire, or why it may have no draft. */
export type Found = Result.Result<Runnable, DraftProblem>

export const makeLookup = Effect.gen(function* () {
  const hiring = yield* Hiring
  const kept = new Known()

  const keptOf = (item: BatchItem, now: number): Found | undefined => {
    const { goal_instance_id, goal_revision, hire_revision } = item
    if (goal_revision === undefined || hire_revision === undefined) return undefined
    const goal = kept.goal(goal_instance_id, goal_revision, now)
    const hire = goal && kept.hire(goal.hired_instance_id, hire_revision, now)
    return hire && runnable(item, goal, hire)
  }

  return {
    /** Of those runs whose goal and hire are kept at the revisions that they name, by key. */
    known: (items: ReadonlyArray<BatchItem>): Effect.Effect<Map<string, Found>> =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const found = new Map<string, Found>()
        for (const item of items) {
          const one = keptOf(item, now)
          if (one !== undefined) found.set(item.idempotency_key, one)
        }
        return found
      }),

    /**
     * Of each run, from one lookup in hiring, by key. What hiring has is never older than what a run names, which was read from
     * hiring's feed; a restored hiring aside, whose word holds.
     */
    lookUp: Effect.fnUntraced(function* (items: ReadonlyArray<BatchItem>) {
      const goal_instance_ids = [...new Set(items.map((item) => item.goal_instance_id))]
      const answer = yield* hiring.lookup({ goal_instance_ids }, { apart: true })
      const now = yield* Clock.currentTimeMillis
      for (const goal of answer.goals) kept.keepGoal(goal)
      for (const hire of answer.hires) kept.keepHire(hire, now)
      const goals = new Map(answer.goals.map((goal) => [goal.goal_instance_id, goal]))
      const hires = new Map(answer.hires.map((hire) => [hire.hired_instance_id, hire]))
      const failed = new Set(answer.failed)
      const unread = new Set<string>([...answer.unread?.goals ?? [], ...answer.unread?.hires ?? []])
      const foundOf = (item: BatchItem): Found => {
        const goal = goals.get(item.goal_instance_id)
        if (failed.has(item.goal_instance_id)) {
          return Result.fail(new RunLookupFailed({ detail: `hiring could not look ${item.goal_instance_id} up` }))
        }
        const id = [item.goal_instance_id, goal?.hired_instance_id ?? ""].find((one) => unread.has(one))
        return id === undefined
          ? runnable(item, goal, goal && hires.get(goal.hired_instance_id))
          : Result.fail(new DraftImpossible({ detail: `hiring can't read ${id}; its log says why` }))
      }
      return new Map(items.map((item) => [item.idempotency_key, foundOf(item)]))
    }),
  }
})
