import { HiringApi } from "@stint/domain/hiring/Api"
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Feed } from "../Feed.ts"

const JSON_TYPE = { contentType: "application/json" }

export const FeedHttp = HttpApiBuilder.group(
  HiringApi,
  "feed",
  Effect.fn(function* (handlers) {
    const feed = yield* Feed
    return handlers.handleAll({
      changes: ({ query }) => Effect.map(feed.changes(query), (page) => HttpServerResponse.text(page, JSON_TYPE)),
      snapshot: ({ query }) => feed.snapshot(query),
      lookup: ({ payload }) => feed.lookup(payload),
    })
  }),
)
