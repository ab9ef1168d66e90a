/** The rules of executions: approved content is delivered once, byte for byte (domain.md, "Rules: review and execute"). */
import type { Caller } from "@stint/domain/Caller"
import { canonicalJson, sha256Hex } from "@stint/domain/Canonical"
import {
  type Deliverable,
  type DeliverableGone,
  type DeliverableNotFound,
  type DeliverablesHireDeactivated,
  type SubscriptionEnded,
} from "@stint/domain/deliverables/Deliverables"
import type { ContentChanged, TargetChanged } from "@stint/domain/deliverables/Executions"
import type { LookedUpHire } from "@stint/domain/hiring/Feed"
import type { DeliverableId } from "@stint/domain/Ids"
import type { PreconditionFailed, Unavailable } from "@stint/domain/Problem"
import { Ids, uuidv7 } from "@stint/edge/Ids"
import { Conditions, whenMet } from "@stint/edge/Preconditions"
import { Context, DateTime, Effect, Fiber, Layer, Option } from "effect"
import { Digest } from "effect/crypto"
import { Deliverables } from "./Deliverables.ts"
import { targetOf } from "./Deliverables/Policy.ts"
import { DeliverablesRepo } from "./Deliverables/Repo.ts"
import type { DeliverableRow } from "./Deliverables/Row.ts"
import { deliverableTag, shown } from "./Deliverables/Wire.ts"
import { Attempts } from "./Executions/Attempts.ts"
import { type ExecutionRefusal, isCovered, mayExecute } from "./Executions/Policy.ts"
import { ExecutionsRepo } from "./Executions/Repo.ts"
import { worker } from "./Executions/Worker.ts"
import { ReviewsRepo } from "./Reviews/Repo.ts"
import type { GivenRow } from "./Reviews/Row.ts"

/** Executes deliverables. */
export class Executions extends Context.Service<Executions, {
  /**
   * Commits the intent and makes the first attempt to deliver it. `execution_status` says whether it was delivered; if it
   * was not, it is retried under the same delivery id, or `execution.last_error` says why no attempt follows.
   */
  execute(caller: Caller, id: DeliverableId, approval_id: string | undefined): Effect.Effect<
    Deliverable,
    | DeliverableNotFound
    | DeliverableGone
    | SubscriptionEnded
    | DeliverablesHireDeactivated
    | ExecutionRefusal
    | ContentChanged
    | TargetChanged
    | PreconditionFailed
    | Unavailable
  >
}>()("deliverables/Executions") {
  /** Attempts what is due, in the background. */
  static readonly worker = worker

  static readonly layer = Layer.effect(
    Executions,
    Effect.gen(function* () {
      const repo = yield* ExecutionsRepo
      const rows = yield* DeliverablesRepo
      const reviews = yield* ReviewsRepo
      const deliverables = yield* Deliverables
      const attempts = yield* Attempts
      const ids = yield* Ids
      const digest = yield* Digest.Digest

      const show = (row: DeliverableRow) => Effect.provideService(shown(row), Digest.Digest, digest)

      /**
       * The delivery id: derived from the run and the content, so that the receiver recognises a repeat also when the
       * database was restored from before the first delivery.
       */
      const deliveryIdOf = Effect.fnUntraced(function* (row: DeliverableRow, content_sha256: string) {
        const bytes = new TextEncoder().encode(`${row.idempotency_key}\n${content_sha256}`)
        const tail = yield* digest.digest(Digest.sha256, bytes)
        return `DLV-${uuidv7(DateTime.toEpochMillis(row.scheduled_time), tail.slice(0, 10))}`
      })

      /** Commits the intent and waits for its first attempt. False when the row changed since it was read. */
      const deliver = Effect.fnUntraced(function* (
        row: DeliverableRow,
        given: ReadonlyArray<GivenRow>,
        hire: LookedUpHire,
        requested_by: string,
      ) {
        const { approval_id, deliverable_id, version } = row
        const { definition_version } = hire
        const target = targetOf(hire)
        const body = canonicalJson(row.payload)
        const content_sha256 = yield* Effect.provideService(sha256Hex(body), Digest.Digest, digest)
        yield* Effect.fromResult(isCovered(row, given, { content_sha256, target, definition_version }))
        const intent = {
          delivery_id: yield* deliveryIdOf(row, content_sha256),
          deliverable_id,
          approval_id,
          version,
          target,
          body,
          content_sha256,
          requested_by,
        }
        // uninterruptible: an interruption between commit and start would leave the intent until its lease ends
        return yield* Effect.uninterruptibleMask((restore) =>
          Effect.gen(function* () {
            const claimed = yield* repo.commit(intent)
            if (Option.isNone(claimed)) return false
            const fiber = yield* attempts.start(claimed.value, hire)
            yield* restore(Fiber.join(fiber))
            return true
          })
        )
      })

      const execute = Effect.fn("Executions.execute")(function* (
        caller: Caller,
        id: DeliverableId,
        approval_id: string | undefined,
      ) {
        const conditions = yield* Conditions
        let { hire, row } = yield* deliverables.forDecision(caller, id)
        // the id is derived from the Idempotency-Key: a repeated request recognises the intent that it committed before
        const requested_by = yield* ids.next("DLV")
        if (row.requested_by === requested_by) return yield* show(row)
        while (true) {
          const given = row.approval_id === null ? [] : yield* reviews.given(id)
          yield* Effect.fromResult(whenMet(conditions, deliverableTag(row), mayExecute(row, approval_id, given)))
          if (yield* deliver(row, given, hire, requested_by)) {
            return yield* show(Option.getOrThrow(yield* rows.find(id)))
          }
          // executed, decided on, edited, withdrawn or deleted meanwhile, or the approval got too old: decide again on the row as it is now
          row = yield* deliverables.find(caller, id)
        }
      })

      return Executions.of({ execute })
    }),
  )
}
