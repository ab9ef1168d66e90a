/**
 * Follows hiring's feed: the drafts of a deleted goal are deleted, their approvals stay (domain.md, "Who owns which table"). It
 * keeps no hires: those are asked for when they are needed (Clients.ts), or kept by their revisions (Drafts/Known.ts).
 */
import type { Change } from "@stint/domain/hiring/Feed"
import type { GoalInstanceId } from "@stint/domain/Ids"
import { follow } from "@stint/edge/Follower"
import { Health } from "@stint/edge/Health"
import { Effect, Layer } from "effect"
import { Hiring, PAGE } from "./Clients.ts"
import { makeEndings } from "./Executions/Endings.ts"
import { GOALS_PAGE, ProjectionRepo } from "./Projection/Repo.ts"

/** The goals that these changes delete. */
const deletedIn = (changes: ReadonlyArray<Change>) =>
  changes.flatMap((change) => change.type === "goal" && change.deleted ? [change.goal_instance_id] : [])

/** The hires that run no more, as these changes have them. */
const stoppedIn = (changes: ReadonlyArray<Change>) =>
  changes.flatMap((change) => change.type === "hire" && !change.runnable ? [change.hired_instance_id] : [])

export const worker = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* ProjectionRepo
  const hiring = yield* Hiring
  const health = yield* Health
  const refuseEnded = yield* makeEndings

  // Looks up the goals that have drafts or a tombstone, without a snapshot: one that hiring does not know was deleted, since it
  // existed when its draft was made, and one that it knows again was restored
  const rebuild = Effect.fn("Projection.rebuild")(function* (stale: string | undefined) {
    const cursor = yield* hiring.feedCursor
    const deleted: Array<GoalInstanceId> = []
    const restored: Array<GoalInstanceId> = []
    for (let after = "";;) {
      const known = yield* repo.knownGoals(after)
      if (known.length > 0) {
        const ids = known.map((goal) => goal.goal_instance_id)
        const { goals: found, unread } = yield* hiring.lookup({ goal_instance_ids: ids })
        const there = new Set([...found.map((goal) => goal.goal_instance_id), ...unread?.goals ?? []])
        for (const { deleted: isDeleted, goal_instance_id } of known) {
          if (!there.has(goal_instance_id)) deleted.push(goal_instance_id)
          else if (isDeleted) restored.push(goal_instance_id)
        }
      }
      if (known.length < GOALS_PAGE) break
      after = known.at(-1)!.goal_instance_id
    }
    if (!(yield* repo.rebuild({ deleted, restored }, stale, cursor))) return false
    if (restored.length > 0) {
      yield* Effect.logWarning(
        `goals of hiring's feed: hiring has ${restored.length} goals again that were deleted; their drafts are back. ` +
          "After a restore: npx stint db reconcile",
      )
    }
    return true
  })

  yield* follow({
    name: "goals of hiring's feed",
    of: "hiring",
    most: PAGE,
    load: repo.cursor,
    fetch: hiring.changes,
    apply: ({ after, cursor, items }) =>
      Effect.andThen(refuseEnded(stoppedIn(items)), repo.deleteGoals(deletedIn(items), after, cursor)),
    rebuild,
  }).pipe(Effect.raceFirst(health.draining), Effect.forkScoped)
}))
