/** The decisions on many drafts, some at a time: each has its own answer. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { Decision } from "@stint/domain/deliverables/Reviews"
import { validationErrors } from "@stint/domain/Payload"
import { failureOf } from "../../api/Client.ts"
import { review } from "../../api/Deliverables.ts"

/** How many are sent at once, well under what a customer may (domain.md, "Bounds"). */
const AT_ONCE = 4

/** What became of the decisions: how many were taken, and which were refused. */
export interface Decided {
  readonly decided: number
  readonly refused: ReadonlyArray<{ readonly id: string; readonly why: string }>
}

/** Takes one decision on each draft. It never fails: what was refused is in the answer. */
export const decideMany = async (
  drafts: ReadonlyArray<Deliverable>,
  decision: Decision,
  notes: string,
): Promise<Decided> => {
  // a draft that fails its checks can't be approved (domain.md, "Drafts"): it need not be asked
  const faults = (draft: Deliverable) => decision === "approved" ? validationErrors(draft.payload) : []
  const refused: Array<{ id: string; why: string }> = drafts.filter((draft) => faults(draft).length > 0)
    .map((draft) => ({ id: draft.deliverable_id, why: `it fails ${faults(draft).join(", ")}` }))
  const waiting = drafts.filter((draft) => faults(draft).length === 0)
  const work = async () => {
    for (let draft = waiting.shift(); draft !== undefined; draft = waiting.shift()) {
      const id = draft.deliverable_id
      await review(id, decision, notes).catch((error: unknown) => {
        refused.push({ id, why: failureOf(error).message })
      })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return { decided: drafts.length - refused.length, refused }
}
