/** What will run: slots that are ahead. */
import { listOf } from "@stint/domain/Protocol"
import { Upcoming } from "@stint/domain/scheduler/Upcoming"
import { keepPreviousData, queryOptions } from "@tanstack/react-query"
import { call, decoder, type Query } from "./Client.ts"
import { somePages } from "./Pages.ts"

const decodeList = decoder(listOf(Upcoming))

/** What will run in a time of at most 31 days, from at most so many pages of 200; `more` says that it has others. */
export const upcomingQuery = (filter: Query, pages: number) =>
  queryOptions({
    queryKey: ["scheduler", "upcoming", filter, pages],
    queryFn: ({ signal }) =>
      somePages(
        (cursor) =>
          call("GET", "/api/v1/scheduler/upcoming", decodeList, { query: { ...filter, cursor, limit: 200 }, signal }),
        pages,
      ),
    placeholderData: keepPreviousData,
  })
