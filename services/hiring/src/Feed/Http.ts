import { HiringApi } from "@stint/domain/hiring/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Feed } from "../Feed.ts"
import { goalOnWire } from "../Goals/Wire.ts"

export const FeedHttp = HttpApiBuilder.group(
  HiringApi,
  "feed",
  Effect.fn(function* (handlers) {
    const feed = yield* Feed
    return handlers.handleAll({
      changes: ({ query }) => feed.changes(query),
      snapshot: ({ query }) => feed.snapshot(query),
      lookup: ({ payload }) =>
        Effect.map(feed.lookup(payload), ({ goals, hires }) => ({ goals: goals.map(goalOnWire), hires })),
    })
  }),
)
