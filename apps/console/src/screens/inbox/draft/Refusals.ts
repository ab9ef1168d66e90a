/** Why an action on a draft was refused, in words that say what to do next; by the codes of problems. */
import { failureOf } from "../../../api/Client.ts"

const words: Record<string, string> = {
  revision_changed:
    "It was written anew meanwhile: what you saw is not what would be signed. The current revision is shown now.",
  in_revision: "Its maker works on the next revision; that one can be decided on.",
  deliverable_expired: "Nobody decided on it in time. That is final: its goal's next run makes another one.",
  already_reviewed: "It has been decided on meanwhile, or you have decided on this revision before.",
  separate_editor: "You wrote this revision, so somebody else has to approve it.",
  too_many_revisions: "It has as many revisions as it may have: edit it by hand, approve or reject it.",
  changes_impossible:
    "Its maker can't be asked now: its goal or its agent changed, or may not run. Edit it by hand instead.",
  draft_invalid: "A draft that fails its checks can't be approved.",
  not_approved: "It is not approved any more.",
  approval_expired: "Its approval is too old by now. It can be given again.",
  content_changed: "The content or the agent's definition is not what was approved. Approve it again.",
  target_changed: "Where it goes has changed since it was approved. Approve it again.",
  not_withdrawable: "That approval can't be withdrawn any more.",
  already_executed: "It has been executed: that can't be taken back.",
  execution_in_progress: "It is being executed right now.",
  hire_deactivated: "Its agent was deactivated.",
  subscription_not_active: "Its subscription has ended.",
  duty_missing: "That is not among what you may do for this customer.",
  not_editable: "It can't be edited now.",
}

/** The codes after which it can be approved again. */
const again = new Set(["approval_expired", "content_changed", "target_changed"])

/** Why it was refused, in words. */
export const refusalOf = (error: unknown): string => {
  const { code, message } = failureOf(error)
  return words[code] ?? message
}

/** Whether the draft may be approved again, and then executed. */
export const mayBeGivenAgain = (error: unknown): boolean => again.has(failureOf(error).code)
