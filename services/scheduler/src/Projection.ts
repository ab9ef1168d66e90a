/** Follows hiring's feed into the projection: what may run, and when it falls due next. */
import { CursorGone, follow } from "@stint/edge/Follower"
import { Effect, Layer } from "effect"
import { Hiring } from "./Clients.ts"
import { Nudge } from "./Nudge.ts"
import { ProjectionRepo } from "./Projection/Repo.ts"

/** How long one long poll waits for a change, in milliseconds. */
const LONG_POLL = 25_000

/** The follower, as a background layer. */
export const layer = Layer.effectDiscard(Effect.gen(function* () {
  const hiring = yield* Hiring
  const repo = yield* ProjectionRepo
  const nudge = yield* Nudge

  const rebuild = Effect.fn("Projection.rebuild")(function* (stale: string | undefined) {
    const from = stale ?? null
    const goals = new Set<string>()
    let next: string | undefined
    let feedCursor: string
    do {
      const page = yield* hiring.snapshot(next)
      if (!(yield* repo.apply(page.items, { after: from, to: from }))) return
      for (const item of page.items) if (item.type === "goal") goals.add(item.goal_instance_id)
      next = page.next ?? undefined
      feedCursor = page.feed_cursor
    } while (next !== undefined)
    yield* repo.retain(goals)
    yield* repo.apply([], { after: from, to: feedCursor })
    yield* nudge.here
  })

  yield* follow({
    name: "hiring's feed",
    load: Effect.map(repo.cursor(), (cursor) => cursor ?? undefined),
    fetch: (after) =>
      hiring.changes(after, LONG_POLL).pipe(Effect.catchTag("FeedGone", () => Effect.fail(new CursorGone({})))),
    apply: ({ after, cursor, items }) => Effect.andThen(repo.apply(items, { after, to: cursor }), nudge.here),
    rebuild,
  }).pipe(Effect.forkScoped)
}))
