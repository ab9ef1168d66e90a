/** The rules of trial deliverables: files recorded for a trial of hiring, visible to those who see the trial. */
import type { Action } from "@stint/domain/ActionLog"
import { type Caller, canSee, CurrentCaller } from "@stint/domain/Caller"
import { TrialDeliverableId, type TrialId } from "@stint/domain/Ids"
import type { InvalidRequest, Unavailable } from "@stint/domain/Problem"
import type { NewTrialDeliverable, TrialDeliverable } from "@stint/domain/deliverables/TrialDeliverables"
import { TrialNotFound } from "@stint/domain/hiring/Trials"
import { operatorsLines } from "@stint/edge/ActionLog"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { Hiring } from "./Clients.ts"
import { After, TrialDeliverablesRepo } from "./TrialDeliverables/Repo.ts"
import { toTrialDeliverable } from "./TrialDeliverables/Wire.ts"

/** The form of trial ids. A text of another form is no trial, without asking hiring. */
const trialId = /^TRL-[\w-]{1,100}$/

/** Deliverables of trials. For a customer, a trial that another customer or an operator began does not exist. */
export class TrialDeliverables extends Context.Service<TrialDeliverables, {
  /** Adds one to a trial, whether it is active or has ended. */
  add(
    caller: Caller,
    id: TrialId,
    input: NewTrialDeliverable,
  ): Effect.Effect<TrialDeliverable, TrialNotFound | Unavailable>
  /** The deliverables of a trial, newest first. */
  list(
    caller: Caller,
    id: TrialId,
    page: PageQuery,
  ): Effect.Effect<Page<TrialDeliverable>, TrialNotFound | InvalidRequest | Unavailable>
}>()("deliverables/TrialDeliverables") {
  static readonly layer = Layer.effect(
    TrialDeliverables,
    Effect.gen(function* () {
      const repo = yield* TrialDeliverablesRepo
      const hiring = yield* Hiring
      const ids = yield* Ids
      const operatorsLine = yield* operatorsLines<Action>()
      const decodeAfter = decodeCursor(After)
      const encodeAfter = Schema.encodeSync(After)

      /** Fails when the trial does not exist for the caller. */
      const visible = Effect.fnUntraced(function* (caller: Caller, id: TrialId) {
        const found = trialId.test(id) ? yield* hiring.trial(id) : Option.none()
        if (Option.isNone(found) || !canSee(caller, found.value.customer_id)) {
          return yield* new TrialNotFound({ detail: id })
        }
      })

      const add = Effect.fn("TrialDeliverables.add")(
        function* (caller: Caller, trial_id: TrialId, input: NewTrialDeliverable) {
          yield* visible(caller, trial_id)
          const trial_deliverable_id = TrialDeliverableId.make(yield* ids.next("TRD"))
          const line = yield* operatorsLine("trial_deliverable_add", { trial_id, trial_deliverable_id }).pipe(
            Effect.provideService(CurrentCaller, caller),
          )
          return toTrialDeliverable(
            yield* repo.add({
              trial_deliverable_id,
              trial_id,
              file_name: input.file_name,
              file_path: input.file_path,
              file_size: input.file_size ?? null,
              mime_type: input.mime_type ?? null,
              description: input.description ?? null,
              created_at: DateTime.makeUnsafe(yield* ids.instant),
            }, line),
          )
        },
      )

      const list = Effect.fn("TrialDeliverables.list")(function* (
        caller: Caller,
        trial_id: TrialId,
        { cursor, limit = DEFAULT_LIMIT }: PageQuery,
      ) {
        const after = yield* decodeAfter(cursor)
        yield* visible(caller, trial_id)
        const taken = yield* repo.list({ trial_id, after: after ?? null, limit: limit + 1 })
        return yield* pageOf(taken, limit, encodeAfter, toTrialDeliverable)
      })

      return TrialDeliverables.of({ add, list })
    }),
  )
}
