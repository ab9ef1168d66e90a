/** The rules of what is made in trials: it belongs to a trial of hiring's, and is there for whom that is there. */
import type { Caller } from "@stint/domain/Caller"
import { TrialDeliverableId, type TrialId } from "@stint/domain/Ids"
import type { InvalidRequest, Unavailable } from "@stint/domain/Problem"
import type { NewTrialDeliverable, TrialDeliverable } from "@stint/domain/deliverables/TrialDeliverables"
import { TrialNotFound } from "@stint/domain/hiring/Trials"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, pageOf } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { Hiring } from "./Clients.ts"
import { isVisible } from "./Deliverables/Policy.ts"
import { After, TrialDeliverablesRepo } from "./TrialDeliverables/Repo.ts"
import { toTrialDeliverable } from "./TrialDeliverables/Row.ts"

/** A page of a trial's deliverables, newest first. */
export interface TrialDeliverablesPage {
  readonly items: ReadonlyArray<TrialDeliverable>
  readonly next_cursor: string | null
}

/** How the ids of trials look: hiring is not asked for any other. */
const trialId = /^TRL-[\w-]{1,100}$/

/** Deliverables of trials. A trial that another customer or an operator began is not found by a customer. */
export class TrialDeliverables extends Context.Service<TrialDeliverables, {
  /** Adds one to a trial, whether that is active or has ended. */
  add(
    caller: Caller,
    id: TrialId,
    input: NewTrialDeliverable,
  ): Effect.Effect<TrialDeliverable, TrialNotFound | Unavailable>
  /** A trial's. */
  list(
    caller: Caller,
    id: TrialId,
    page: { readonly cursor?: string; readonly limit?: number },
  ): Effect.Effect<TrialDeliverablesPage, TrialNotFound | InvalidRequest | Unavailable>
}>()("deliverables/TrialDeliverables") {
  static readonly layerNoDeps = Layer.effect(
    TrialDeliverables,
    Effect.gen(function* () {
      const repo = yield* TrialDeliverablesRepo
      const hiring = yield* Hiring
      const ids = yield* Ids
      const afterOf = decodeCursor(After)
      const encodeAfter = Schema.encodeSync(After)

      /** Fails when the trial does not exist for the caller. */
      const visible = Effect.fnUntraced(function* (caller: Caller, id: TrialId) {
        const found = trialId.test(id) ? yield* hiring.trial(id) : Option.none()
        if (Option.isNone(found) || !isVisible(caller, found.value.customer_id ?? "")) {
          return yield* new TrialNotFound({ detail: id })
        }
      })

      const add = Effect.fn("TrialDeliverables.add")(
        function* (caller: Caller, trial_id: TrialId, input: NewTrialDeliverable) {
          yield* visible(caller, trial_id)
          return toTrialDeliverable(
            yield* repo.add({
              trial_deliverable_id: TrialDeliverableId.make(yield* ids.next("TRD")),
              trial_id,
              file_name: input.file_name,
              file_path: input.file_path,
              file_size: input.file_size ?? null,
              mime_type: input.mime_type ?? null,
              description: input.description ?? null,
              created_at: DateTime.makeUnsafe(yield* ids.instant),
            }),
          )
        },
      )

      const list = Effect.fn("TrialDeliverables.list")(function* (
        caller: Caller,
        trial_id: TrialId,
        { cursor, limit = DEFAULT_LIMIT }: { readonly cursor?: string; readonly limit?: number },
      ) {
        const after = yield* afterOf(cursor)
        yield* visible(caller, trial_id)
        const page = pageOf(yield* repo.list({ trial_id, after: after ?? null, limit: limit + 1 }), limit, encodeAfter)
        return { items: page.items.map(toTrialDeliverable), next_cursor: page.next_cursor }
      })

      return TrialDeliverables.of({ add, list })
    }),
  )
}
