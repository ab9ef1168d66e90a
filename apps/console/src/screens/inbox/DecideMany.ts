/** The decisions on many drafts: each has its own answer. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { Decision } from "@stint/domain/deliverables/Reviews"
import { validationErrors } from "@stint/domain/Payload"
import { failureOf } from "../../api/Client.ts"
import { decide } from "../../api/Decisions.ts"

/** How many decisions one request has (api.md). */
const AT_ONCE = 200

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
  for (let at = 0; at < waiting.length; at += AT_ONCE) {
    const some = waiting.slice(at, at + AT_ONCE)
    const answers = await decide(some, decision, notes).catch((error: unknown) =>
      some.map(({ deliverable_id }) => ({ deliverable_id, problem: { title: failureOf(error).message } }))
    )
    for (const { deliverable_id: id, problem } of answers) {
      if (problem !== undefined) {
        refused.push({ id, why: "detail" in problem ? problem.detail ?? problem.title : problem.title })
      }
    }
  }
  return { decided: drafts.length - refused.length, refused }
}
