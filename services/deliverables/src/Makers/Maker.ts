/** What a draft maker gets and gives. A maker is a pure function: the same input gives the same draft, byte for byte. */
import type { AgentTypeDefinition, GoalTemplate } from "@stint/domain/Definition"
import type { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { DraftPayload } from "@stint/domain/Payload"
import type { JsonObject } from "@stint/domain/Protocol"

/** All that a draft is made of. */
export interface MakerInput {
  readonly definition: Pick<AgentTypeDefinition, "agent_type_id" | "config_schema" | "goal_templates">
  readonly hire: { readonly hired_instance_id: HiredInstanceId; readonly config: JsonObject }
  readonly goal: {
    readonly goal_instance_id: GoalInstanceId
    readonly goal_template_id: string
    readonly settings: JsonObject
  }
  /** The nominal instant of the run, in milliseconds since the epoch: the only clock that a maker knows. */
  readonly slot: number
}

/** A draft, and what a person reads of it in a list. */
export interface Draft {
  readonly title: string
  readonly payload: DraftPayload
}

/** Makes the draft of one template. It always makes one: config and settings were checked when they were written. */
export type Maker = (input: MakerInput) => Draft

/** The goal's template, or what stands for one that a later definition has dropped. */
export const templateOf = ({ definition, goal }: MakerInput): GoalTemplate =>
  definition.goal_templates.find((template) => template.goal_template_id === goal.goal_template_id) ?? {
    goal_template_id: goal.goal_template_id,
    name: goal.goal_template_id,
    default_frequency: "on_demand",
    settings_schema: { fields: [] },
    skill_binding: "",
  }

/** The parts of every payload of the goal. */
export const draftOf = <const Type extends string>(type: Type, { goal }: MakerInput) => ({
  type,
  draft_only: true as const,
  goal_template_id: goal.goal_template_id,
  goal_instance_id: goal.goal_instance_id,
})
