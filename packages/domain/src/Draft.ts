/** The fields that all drafts share, and which drafts act on the world when they are executed (domain.md, "Drafts"). */
import { Schema } from "effect"
import { GoalInstanceId, GoalTemplateId } from "./Ids.ts"

/** What executing a draft does to the world. A draft without an intent action does nothing to it. */
export const IntentAction = Schema.Literals(["publish", "send", "post", "place_order", "close_position"])
export type IntentAction = typeof IntentAction.Type

/** Whether executing acts on the world; then it needs the `approval_id` (domain.md, "Rules: review and execute"). */
export const isActing = (intent_action: string | undefined): boolean => Schema.is(IntentAction)(intent_action)

/** The fields that a draft of any type has. `draft_only` is always true: making a draft does nothing else. */
export const draftFields = <const Type extends string>(type: Type) => ({
  type: Schema.tag(type),
  draft_only: Schema.Literal(true),
  goal_template_id: GoalTemplateId,
  goal_instance_id: GoalInstanceId,
})

/** `draftFields` of a draft that acts on the world when it is executed. */
export const actingDraftFields = <const Type extends string, const Action extends IntentAction>(
  type: Type,
  intent_action: Action,
) => ({ ...draftFields(type), intent_action: Schema.tag(intent_action) })
