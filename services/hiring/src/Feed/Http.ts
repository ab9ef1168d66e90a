import { HiringApi } from "@stint/domain/hiring/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Feed } from "../Feed.ts"

export const FeedHttp = HttpApiBuilder.group(
  HiringApi,
  "feed",
  Effect.fn(function* (handlers) {
    const feed = yield* Feed
    return handlers.handleAll({
      changes: ({ query }) => feed.changes(query),
      snapshot: ({ query }) => feed.snapshot(query),
      lookup: ({ payload }) => feed.lookup(payload),
    })
  }),
)
