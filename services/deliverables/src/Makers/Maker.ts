/** The interface of a maker: a pure function, so that the same input gives the same draft, byte for byte. */
import type { AgentTypeDefinition, GoalTemplate } from "@stint/domain/Definition"
import type { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { DraftPayload } from "@stint/domain/Payload"
import type { JsonObject } from "@stint/domain/Protocol"

/** The input of a draft. */
export interface MakerInput {
  readonly definition: Pick<AgentTypeDefinition, "agent_type_id" | "config_schema" | "goal_templates">
  readonly hire: { readonly hired_instance_id: HiredInstanceId; readonly config: JsonObject }
  readonly goal: {
    readonly goal_instance_id: GoalInstanceId
    readonly goal_template_id: string
    readonly settings: JsonObject
  }
  /** The slot of the run, in milliseconds since the epoch. A maker reads no other time. */
  readonly slot: number
  /** What a person asked to change; undefined for the first draft of a run. */
  readonly changes?: {
    readonly notes: string
    /** The number of the revision that is made, from 2: the same revision is made the same. */
    readonly revision: number
    /** The contents of all revisions before. */
    readonly before: ReadonlyArray<DraftPayload>
  }
}

/** A draft. `title` is shown in lists. */
export interface Draft {
  readonly title: string
  readonly payload: DraftPayload
}

/** Makes the draft of one template. Total: config and settings were validated when they were written. */
export type Maker = (input: MakerInput) => Draft

/** The goal's template; a substitute when the definition no longer has it. */
export const templateOf = ({ definition, goal }: MakerInput): GoalTemplate =>
  definition.goal_templates.find((template) => template.goal_template_id === goal.goal_template_id) ?? {
    goal_template_id: goal.goal_template_id,
    name: goal.goal_template_id,
    default_frequency: "on_demand",
    settings_schema: { fields: [] },
    skill_binding: "",
  }

/** The fields that all payloads share. */
export const commonFields = <const Type extends string>(type: Type, { goal }: MakerInput) => ({
  type,
  draft_only: true as const,
  goal_template_id: goal.goal_template_id,
  goal_instance_id: goal.goal_instance_id,
})
