/** The versions of agent types, and their publication. */
import { AgentType } from "@stint/domain/catalog/AgentTypes"
import { listOf } from "@stint/domain/Protocol"
import { queryOptions } from "@tanstack/react-query"
import { call, decoder, idempotencyKey } from "./Client.ts"
import { everyPage } from "./Pages.ts"

const decode = decoder(AgentType)
const decodeList = decoder(listOf(AgentType))

/** All versions of an agent type, the latest first. */
export const versionsQuery = (type: string) =>
  queryOptions({
    queryKey: ["catalog", "versions", type],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        call("GET", `/api/v1/agent-types/${encodeURIComponent(type)}/versions`, decodeList, {
          query: { cursor, limit: 200 },
          signal,
        })
      ),
  })

/** Publishes a version. A version that is published with the same content stays as it is. */
export const publish = (definition: unknown): Promise<AgentType> =>
  call("POST", "/api/v1/agent-types", decode, { headers: { "idempotency-key": idempotencyKey() }, body: definition })
