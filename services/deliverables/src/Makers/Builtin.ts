/** A draft of a builtin maker, or why there is none. */
import { DraftImpossible } from "@stint/domain/deliverables/Drafts"
import { DraftPayload } from "@stint/domain/Payload"
import { Result, Schema } from "effect"
import { type Draft, make, type MakerInput } from "../Makers.ts"
import { isStorable } from "./Storable.ts"

const isDraft = Schema.is(DraftPayload)

/** The draft that a builtin makes. One that throws or makes an invalid draft fails this run alone, not the batch. */
export const draftFrom = (input: MakerInput): Result.Result<Draft, DraftImpossible> => {
  const { goal_template_id } = input.goal
  let draft: Draft
  try {
    draft = make(input)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return Result.fail(new DraftImpossible({ detail: `The maker of ${goal_template_id} failed: ${why}` }))
  }
  return isDraft(draft.payload) && isStorable(draft.payload) && isStorable(draft.title)
    ? Result.succeed(draft)
    : Result.fail(
      new DraftImpossible({ detail: `The maker of ${goal_template_id} made no valid draft from these settings` }),
    )
}
