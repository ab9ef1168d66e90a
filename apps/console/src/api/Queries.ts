/**
 * How the console asks: keys begin with the topic of GET /events that makes them stale, so that a change refreshes what it
 * touches and nothing else. What was read stays on the screen while it is read again, and when that fails.
 */
import { QueryCache, QueryClient } from "@tanstack/react-query"
import { failureOf } from "./Client.ts"
import { sessionQuery } from "./Session.ts"

/** The topics of GET /events, and `catalog`, which changes when a version is published. */
export const topics = ["deliverables", "runs", "dead_letters", "goals", "hires", "scheduler"] as const
/** A topic: the first part of a query's key. */
export type Topic = typeof topics[number] | "catalog"

/** The most items of a page that a list asks for. */
export const PAGE = 50

/** The client of all queries. A 401 means that the session has ended: it is asked again, and the page goes to sign-in. */
export const makeQueryClient = (onSignedOut: () => void): QueryClient => {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, { queryKey }) => {
        if (failureOf(error).status !== 401 || queryKey[0] === "session") return
        void client.fetchQuery({ ...sessionQuery, staleTime: 0 }).then(({ user }) => user === null && onSignedOut())
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        gcTime: 10 * 60_000,
        retry: (failures, error) => failures < 2 && failureOf(error).passing,
        retryDelay: (failures) => 500 * 2 ** failures,
      },
      mutations: { retry: false },
    },
  })
  return client
}
