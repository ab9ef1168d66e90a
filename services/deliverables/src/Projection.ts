/** Follows hiring's feed: the drafts of a deleted goal are deleted with it, their approvals stay (domain.md). */
import { follow } from "@stint/edge/Follower"
import type { Change } from "@stint/domain/hiring/Feed"
import { Health } from "@stint/edge/Health"
import { Effect, Layer } from "effect"
import { Hiring } from "./Clients.ts"
import { GOALS_PAGE, GoalsRepo } from "./Goals/Repo.ts"

/** The goals that these changes delete. */
const deletedIn = (changes: ReadonlyArray<Change>) =>
  changes.flatMap((change) => change.type === "goal" && change.deleted ? [change.goal_instance_id] : [])

/** The follower. */
export const goalsFollower = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* GoalsRepo
  const hiring = yield* Hiring
  const health = yield* Health

  // A goal that hiring does not know was deleted, since its drafts came after it: no snapshot has to be read for that
  const rebuild = Effect.fnUntraced(function* (stale: string | undefined) {
    const cursor = yield* hiring.feedCursor
    const gone = []
    for (let after = "";;) {
      const goals = yield* repo.withDrafts(after)
      if (goals.length > 0) {
        const { goals: found } = yield* hiring.lookup({ goal_instance_ids: goals })
        const known = new Set(found.map((goal) => goal.goal_instance_id))
        gone.push(...goals.filter((goal) => !known.has(goal)))
      }
      if (goals.length < GOALS_PAGE) break
      after = goals.at(-1)!
    }
    yield* repo.deleted(gone, stale, cursor)
  })

  yield* follow({
    name: "goals of hiring's feed",
    load: repo.cursor,
    fetch: hiring.changes,
    apply: ({ after, cursor, items }) => repo.deleted(deletedIn(items), after, cursor),
    rebuild,
  }).pipe(Effect.raceFirst(health.draining), Effect.forkScoped)
}))
