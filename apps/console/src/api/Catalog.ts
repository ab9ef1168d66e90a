/** The catalog: agent types and their versions. */
import { AgentType } from "@stint/domain/catalog/AgentTypes"
import { listOf } from "@stint/domain/Protocol"
import { queryOptions } from "@tanstack/react-query"
import { call, decoder } from "./Client.ts"
import { everyPage } from "./Pages.ts"

const decode = decoder(AgentType)
const decodeList = decoder(listOf(AgentType))

/** The latest version of each agent type. */
export const agentTypesQuery = queryOptions({
  queryKey: ["catalog", "types"],
  queryFn: ({ signal }) =>
    everyPage((cursor) => call("GET", "/api/v1/agent-types", decodeList, { query: { cursor, limit: 200 }, signal })),
  staleTime: 60_000,
})

/** One version of an agent type; its latest one without a version. A version never changes. */
export const agentTypeQuery = (type: string, version?: string) =>
  queryOptions({
    queryKey: ["catalog", "type", type, version ?? "latest"],
    queryFn: ({ signal }) =>
      call("GET", `/api/v1/agent-types/${encodeURIComponent(type)}`, decode, { query: { version }, signal }),
    staleTime: version === undefined ? 60_000 : Infinity,
  })
