/** The rules of executions: what was approved, once, byte for byte (domain.md, "Rules: review and execute"). */
import type { Caller } from "@stint/domain/Caller"
import { canonicalJson, sha256Hex } from "@stint/domain/Canonical"
import { type ExecutionSettings, HireSettings } from "@stint/domain/Definition/HireSettings"
import {
  type Deliverable,
  type DeliverableGone,
  type DeliverableNotFound,
  type SubscriptionEnded,
} from "@stint/domain/deliverables/Deliverables"
import { ContentChanged } from "@stint/domain/deliverables/Executions"
import type { LookedUpHire } from "@stint/domain/hiring/Feed"
import type { DeliverableId } from "@stint/domain/Ids"
import type { Unavailable } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { Context, Effect, Fiber, Layer, Option, Schema } from "effect"
import { Digest } from "effect/crypto"
import { Deliverables } from "./Deliverables.ts"
import { DeliverablesRepo } from "./Deliverables/Repo.ts"
import { type DeliverableRow, toDeliverable } from "./Deliverables/Row.ts"
import { Attempts } from "./Execution/Attempts.ts"
import { type ExecutionRefusal, mayExecute } from "./Executions/Policy.ts"
import { ExecutionsRepo } from "./Executions/Repo.ts"
import { ReviewsRepo } from "./Reviews/Repo.ts"

const decodeSettings = Schema.decodeUnknownOption(HireSettings)

/**
 * Where the hire's settings say that approved work goes, now; the journal unless they say something else. Settings that
 * can't be read become a webhook without a url, which delivers nothing and says so: not knowing where is no journal.
 */
const targetOf = (hire: LookedUpHire): ExecutionSettings => {
  const settings = decodeSettings(hire.settings)
  return Option.isNone(settings) ? { target: "webhook" } : settings.value.execution ?? {}
}

/** Executes deliverables. */
export class Executions extends Context.Service<Executions, {
  /**
   * Commits the intent and delivers it once; whether it was delivered shows in `execution_status`. If it was not, it is
   * tried again later under the same delivery id, or `execution` says why no attempt can help.
   */
  execute(caller: Caller, id: DeliverableId, approval_id: string | undefined): Effect.Effect<
    Deliverable,
    | DeliverableNotFound
    | DeliverableGone
    | SubscriptionEnded
    | ExecutionRefusal
    | ContentChanged
    | Unavailable
  >
}>()("deliverables/Executions") {
  static readonly layerNoDeps = Layer.effect(
    Executions,
    Effect.gen(function* () {
      const repo = yield* ExecutionsRepo
      const rows = yield* DeliverablesRepo
      const reviews = yield* ReviewsRepo
      const deliverables = yield* Deliverables
      const attempts = yield* Attempts
      const ids = yield* Ids
      const digest = yield* Digest.Digest

      /** The bytes to deliver and their SHA-256, which is the approval's. */
      const approvedContent = Effect.fnUntraced(function* (row: DeliverableRow) {
        const body = canonicalJson(row.payload)
        const content_sha256 = yield* Effect.provideService(sha256Hex(body), Digest.Digest, digest)
        if (row.approval_id === null) return { body, content_sha256 }
        const approval = yield* reviews.find(row.approval_id)
        if (
          Option.isNone(approval) || approval.value.decision !== "approved" ||
          approval.value.deliverable_id !== row.deliverable_id || approval.value.content_sha256 !== content_sha256
        ) {
          return yield* new ContentChanged({
            detail:
              `The content of ${row.deliverable_id} is not what ${row.approval_id} approved; nothing was executed`,
          })
        }
        return { body, content_sha256 }
      })

      /** Commits the intent and makes its first attempt; false when the row is no longer what it was judged by. */
      const deliver = Effect.fnUntraced(function* (row: DeliverableRow, hire: LookedUpHire, requested_by: string) {
        const { approval_id, deliverable_id, review_status } = row
        const content = yield* approvedContent(row)
        const intent = {
          delivery_id: requested_by,
          deliverable_id,
          review_status,
          approval_id,
          target: targetOf(hire),
          ...content,
          requested_by,
        }
        // from the commit of the intent to the begin of its delivery nothing comes in between, not even who gives up
        return yield* Effect.uninterruptibleMask((restore) =>
          Effect.gen(function* () {
            const claimed = yield* repo.arm(intent)
            if (Option.isNone(claimed)) return false
            const fiber = yield* attempts.start(claimed.value)
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
        let { hire, row } = yield* deliverables.forDecision(caller, id)
        // the same under the same Idempotency-Key: what a first try armed before a crash is this request's own execution
        const requested_by = yield* ids.next("DLV")
        if (row.requested_by === requested_by) return toDeliverable(row)
        while (true) {
          yield* Effect.fromResult(mayExecute(row, approval_id))
          if (yield* deliver(row, hire, requested_by)) return toDeliverable(Option.getOrThrow(yield* rows.find(id)))
          // another executed, decided or deleted it meanwhile: it is judged again, as if this had come later
          row = yield* deliverables.find(caller, id)
        }
      })

      return Executions.of({ execute })
    }),
  )
}
