/** What a scrape of the catalog shows. */
import { reading } from "@stint/edge/Metrics"
import { Effect } from "effect"
import { AgentTypesRepo } from "./AgentTypes/Repo.ts"

/** Counts the published types and their versions. */
export const worker = reading(
  "catalog",
  Effect.map(AgentTypesRepo, (repo) =>
    Effect.map(repo.keys(), (keys) => [
      {
        name: "catalog_agent_types",
        help: "Published agent types",
        value: new Set(keys.map(({ agent_type_id }) => agent_type_id)).size,
      },
      { name: "catalog_agent_type_versions", help: "Published versions of agent types", value: keys.length },
    ])),
)
