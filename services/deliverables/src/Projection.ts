/**
 * Follows hiring's feed: the drafts of a deleted goal are deleted, their approvals stay (domain.md, "Who owns which table"). It
 * keeps no hires: those are asked for when they are needed (Clients.ts).
 */
import type { Change } from "@stint/domain/hiring/Feed"
import { follow } from "@stint/edge/Follower"
import { Health } from "@stint/edge/Health"
import { Effect, Layer } from "effect"
import { Hiring } from "./Clients.ts"
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

  // Looks up the goals that have drafts, without a snapshot: one that hiring does not know was deleted, since it existed
  // when its draft was made
  const rebuild = Effect.fn("Projection.rebuild")(function* (stale: string | undefined) {
    const cursor = yield* hiring.feedCursor
    const deleted = []
    for (let after = "";;) {
      const goals = yield* repo.withDrafts(after)
      if (goals.length > 0) {
        const { goals: found } = yield* hiring.lookup({ goal_instance_ids: goals })
        const known = new Set(found.map((goal) => goal.goal_instance_id))
        deleted.push(...goals.filter((goal) => !known.has(goal)))
      }
      if (goals.length < GOALS_PAGE) break
      after = goals.at(-1)!
    }
    yield* repo.deleteGoals(deleted, stale, cursor)
  })

  yield* follow({
    name: "goals of hiring's feed",
    load: repo.cursor,
    fetch: hiring.changes,
    apply: ({ after, cursor, items }) =>
      Effect.andThen(refuseEnded(stoppedIn(items)), repo.deleteGoals(deletedIn(items), after, cursor)),
    rebuild,
  }).pipe(Effect.raceFirst(health.draining), Effect.forkScoped)
}))
