/** A definition as it is published: an agent type without what the catalog adds. */
import type { AgentType } from "@stint/domain/catalog/AgentTypes"

/** The definition of a version. */
export const definitionOf = (
  { agent_type_id, config_schema, enforcement_defaults, goal_templates, version }: AgentType,
) => ({ agent_type_id, version, config_schema, goal_templates, enforcement_defaults })

/** A JSON value as people read it. */
export const pretty = (value: unknown): string => JSON.stringify(value, null, 2)
