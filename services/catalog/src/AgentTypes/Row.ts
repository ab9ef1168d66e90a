/** A row of `agent_type_definitions`. */
import { AgentType } from "@stint/domain/catalog/AgentTypes"
import { StoredDefinition } from "@stint/domain/Definition"
import { InstantColumn } from "@stint/domain/Instants"
import { Schema } from "effect"

/** A published version: the definition is the payload. */
export const AgentTypeRow = Schema.Struct({
  id: Schema.String,
  payload: StoredDefinition,
  created_at: InstantColumn,
  updated_at: InstantColumn,
})
export type AgentTypeRow = typeof AgentTypeRow.Type

/** The columns that name a version, and its row among all that ever had that name: a restored database may get another. */
export const VersionKey = Schema.Struct({
  agent_type_id: Schema.String,
  version: Schema.String,
  created_at: InstantColumn,
})
export type VersionKey = typeof VersionKey.Type

/** The agent type of a row. */
export const agentTypeOf = ({ created_at, id, payload, updated_at }: AgentTypeRow): AgentType =>
  AgentType.make({ id, ...payload, created_at, updated_at })
