/** What a scrape shows of the catalog. */
import { reading } from "@stint/edge/Metrics"
import { Effect } from "effect"
import { AgentTypesRepo } from "./AgentTypes/Repo.ts"

/** The published types and their versions. */
export const metrics = reading(
  "catalog",
  Effect.map(AgentTypesRepo, (repo) =>
    Effect.map(repo.keys(), (keys) => [
      {
        name: "catalog_agent_types",
        help: "Agent types that are published",
        value: new Set(keys.map(({ agent_type_id }) => agent_type_id)).size,
      },
      { name: "catalog_agent_type_versions", help: "Their versions", value: keys.length },
    ])),
)
