/** What all drafts have in common, and what it means to act on the world (domain.md, "Drafts"). */
import { Schema } from "effect"
import { GoalInstanceId, GoalTemplateId } from "./Ids.ts"

/** What executing a draft would do to the world. A draft without one does nothing to it. */
export const IntentAction = Schema.Literals(["publish", "send", "post", "place_order", "close_position"])
export type IntentAction = typeof IntentAction.Type

/** Whether executing acts on the world, and so needs the `approval_id` (domain.md, "Rules: review and execute"). */
export const isActing = (intent_action: string | undefined): boolean => Schema.is(IntentAction)(intent_action)

/** The fields of every draft of a type. Nothing here is done yet: `draft_only` is always true. */
export const draftFields = <const Type extends string>(type: Type) => ({
  type: Schema.tag(type),
  draft_only: Schema.Literal(true),
  goal_template_id: GoalTemplateId,
  goal_instance_id: GoalInstanceId,
})

/** As `draftFields`, for a draft that acts on the world when it is executed. */
export const actingDraftFields = <const Type extends string, const Action extends IntentAction>(
  type: Type,
  intent_action: Action,
) => ({ ...draftFields(type), intent_action: Schema.tag(intent_action) })
