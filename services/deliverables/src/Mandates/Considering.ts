/** Looks at one draft of the queue: a mandate that covers it approves it, and executes it where it says so. */
import type { Caller } from "@stint/domain/Caller"
import { contentSha256 } from "@stint/domain/Canonical"
import type { LookedUpHire } from "@stint/domain/hiring/Feed"
import { ApprovalId, type Subject } from "@stint/domain/Ids"
import { Unavailable } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { Effect, Result } from "effect"
import { Digest } from "effect/crypto"
import { targetOf } from "../Deliverables/Policy.ts"
import { Executions } from "../Executions.ts"
import { endedHire } from "../Executions/Standing.ts"
import { unapprovable, uncovered } from "./Policy.ts"
import { MandatesRepo } from "./Repo.ts"
import type { MandateRow, QueuedRow } from "./Row.ts"

/** What is given up after so long in the queue, in seconds: three days, as a delivery is. */
const GIVE_UP = 3 * 86_400

/** A draft that a mandate approved, and that is to be executed in the name of who signed. */
interface ToExecute {
  readonly approval_id: ApprovalId
  readonly signed_by: string
}

/** Approves a draft by the first mandate that covers it. Undefined: none does, or it does not execute. */
const makeApproving = Effect.gen(function* () {
  const repo = yield* MandatesRepo
  const ids = yield* Ids
  const digest = yield* Digest.Digest

  const use = Effect.fnUntraced(function* (row: QueuedRow, hire: LookedUpHire, mandate: MandateRow) {
    const approval_id = ApprovalId.make(yield* ids.next("APR"))
    const outcome = yield* repo.use({
      approval_id,
      mandate_id: mandate.mandate_id,
      deliverable_id: row.deliverable_id,
      revision: row.revision,
      version: row.version,
      content_sha256: yield* Effect.provideService(contentSha256(row.payload), Digest.Digest, digest),
      target: targetOf(hire),
      definition_version: hire.definition_version,
      valid_for_seconds: row.approval_rules?.valid_for_seconds ?? null,
    }, mandate)
    return { outcome, approval_id }
  })

  return Effect.fnUntraced(function* (row: QueuedRow, hire: LookedUpHire | undefined) {
    if (!row.waits || unapprovable(row) !== undefined) return undefined
    if (hire === undefined || hire.gone || endedHire(hire, row.customer_id) !== undefined) return undefined
    for (const mandate of yield* repo.covering(row)) {
      if (uncovered(mandate.rules, row) !== undefined) continue
      const { approval_id, outcome } = yield* use(row, hire, mandate)
      // a person was quicker: what they decided stands
      if (outcome === "changed") return undefined
      if (outcome === "used") {
        return mandate.action === "execute" ? { approval_id, signed_by: mandate.signed_by } : undefined
      }
    }
    return undefined
  })
})

/** The function that looks at a draft that this replica has taken from the queue. Fails while hiring is away. */
export const makeConsidering = Effect.gen(function* () {
  const repo = yield* MandatesRepo
  const executions = yield* Executions
  const approve = yield* makeApproving

  const execute = Effect.fnUntraced(function* (row: QueuedRow, { approval_id, signed_by }: ToExecute) {
    const caller: Caller = { subject: signed_by as typeof Subject.Type, role: "customer", customer_id: row.customer_id }
    const done = yield* Effect.result(executions.execute(caller, row.deliverable_id, approval_id))
    // refused for good, as a person's would be: it was withdrawn, its target changed, or it is under way already
    if (Result.isFailure(done) && done.failure instanceof Unavailable) return yield* done.failure
  })

  return Effect.fnUntraced(function* (row: QueuedRow, hire: LookedUpHire | undefined) {
    if (row.seconds > GIVE_UP) {
      yield* Effect.logWarning(`${row.deliverable_id} was looked at for 3 days in vain: its people are asked`)
      return yield* repo.drop(row)
    }
    const toExecute = row.approval_id === null
      ? yield* approve(row, hire)
      : { approval_id: row.approval_id, signed_by: row.decided_by ?? row.customer_id }
    if (toExecute !== undefined) yield* execute(row, toExecute)
    yield* repo.done(row, toExecute?.approval_id ?? null)
  })
})
