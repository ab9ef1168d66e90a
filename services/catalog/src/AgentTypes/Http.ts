import { AgentType, CatalogApi } from "@stint/domain/catalog/AgentTypes"
import { encodedOnce, madeAt } from "@stint/edge/Replies"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { AgentTypes } from "../AgentTypes.ts"
import { Checks } from "../Checks.ts"

const reply = ({ agentType, made }: { readonly made: boolean; readonly agentType: AgentType }) =>
  made
    ? madeAt(
      `/api/v1/agent-types/${agentType.agent_type_id}?version=${encodeURIComponent(agentType.version)}`,
      agentType,
    )
    : agentType

const shown = encodedOnce(AgentType)

export const AgentTypesHttp = HttpApiBuilder.group(
  CatalogApi,
  "agentTypes",
  Effect.fn(function* (handlers) {
    const agentTypes = yield* AgentTypes
    const checks = yield* Checks
    return handlers.handleAll({
      list: ({ query }) => agentTypes.list(query),
      publish: ({ payload }) => Effect.map(agentTypes.publish(payload), reply),
      get: ({ params, query }) => Effect.map(agentTypes.get(params.type, query.version), shown),
      put: ({ params, payload }) => Effect.map(agentTypes.put(params.type, payload), reply),
      check: ({ params, payload, query }) => checks.check(params.type, payload, query),
      versions: ({ params, query }) => agentTypes.versions(params.type, query),
    })
  }),
)
