/** Writes how a claimed making ended: false where its claim was lost, so that nothing was written. */
import { type AgentTypeDefinition, findTemplate } from "@stint/domain/Definition"
import { contentSha256 } from "@stint/domain/Canonical"
import type { DraftImpossible } from "@stint/domain/deliverables/Drafts"
import { DeliverableId } from "@stint/domain/Ids"
import { DraftPayload } from "@stint/domain/Payload"
import type { Unavailable } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { changesAgain, delayAfter, makerAway, unknownStanding } from "@stint/edge/Schedules"
import { DateTime, Effect, Result, Schema } from "effect"
import { Digest } from "effect/crypto"
import { DraftNotValid, type MakingError, type PlaceAway } from "../Makers/Errors.ts"
import type { Draft } from "../Makers/Maker.ts"
import { isStorable } from "../Makers/Storable.ts"
import { problemOf, storable } from "./Policy.ts"
import { MakingsRepo } from "./Repo.ts"
import type { ClaimedMaking } from "./Row.ts"

/** The most characters of a note. */
export const NOTE = 300
/** How many times in a row a place is found away before the waits between tries grow no longer. */
const FAILURES = 8

const isDraft = Schema.is(DraftPayload)

/** Why there is no draft: its maker, or what it needs, is not there, or it makes none. */
export type MakingFailure = MakingError | DraftImpossible | Unavailable

/** What another attempt may mend. */
const isTransient = (tag: string) => tag === "MakerFailed" || tag === "MakerLate"

/** What is said of a draft that was made anew and is as it was. */
const SAME = "It was made anew from the config and settings as they now are, and is the same as before"

/** A draft, with what its definition says of it. */
export interface Made {
  readonly draft: Draft
  readonly definition: AgentTypeDefinition
}

/** The draft, where it is of a known type and can be stored. */
export const known = (draft: Draft): Effect.Effect<Draft, DraftNotValid> =>
  isDraft(draft.payload) && isStorable(draft)
    ? Effect.succeed(draft)
    : Effect.fail(new DraftNotValid({ detail: "It is no draft of any known type" }))

/** Makes `end`, which writes how a claimed making ended. */
export const makeEnding = Effect.gen(function* () {
  const repo = yield* MakingsRepo
  const ids = yield* Ids
  const digest = yield* Digest.Digest

  const stored = Effect.fnUntraced(function* (row: ClaimedMaking, { definition, draft }: Made) {
    return yield* repo.store(row, {
      deliverable_id: DeliverableId.make(yield* ids.next("DEL")),
      hired_instance_id: row.hired_instance_id,
      goal_instance_id: row.goal_instance_id,
      goal_template_id: row.goal_template_id,
      title: draft.title,
      payload: draft.payload,
      idempotency_key: row.idempotency_key,
      customer_id: row.customer_id,
      agent_id: row.agent_id,
      scheduled_time: row.scheduled_time,
      approval_required: definition.enforcement_defaults.approval_required,
      approval: findTemplate(definition, row.goal_template_id)?.approval ?? null,
      created_at: yield* DateTime.now,
    })
  })

  /** Stores what was made as the next revision of the deliverable whose changes were asked for. */
  const revised = Effect.fnUntraced(function* (row: ClaimedMaking, { draft }: Made) {
    const base = (yield* repo.contents(row.deliverable_id!))[0]
    // nobody waits for it any more: the making ends all the same
    const base_sha256 = base === undefined ? "" : yield* contentSha256(base.payload)
    const content_sha256 = yield* contentSha256(draft.payload)
    return yield* repo.storeRevision(row, {
      deliverable_id: row.deliverable_id!,
      next: {
        revision: row.base_revision! + 1,
        author: null,
        notes: row.changes,
        title: draft.title,
        payload: draft.payload,
        content_sha256,
        edit_id: null,
        base_sha256,
        remark: content_sha256 === base_sha256 ? SAME : null,
      },
    })
  }, Effect.provideService(Digest.Digest, digest))

  /** The place is away: its breaker opens, and the making waits. */
  const wait = Effect.fnUntraced(function* (row: ClaimedMaking, { retryAfter, why }: PlaceAway) {
    const backoff = yield* delayAfter(makerAway, Math.min(row.failures + 1, FAILURES))
    yield* repo.openPlace(row.place, storable(why), Math.max(backoff ?? 0, retryAfter ?? 0))
    return yield* repo.release(row, storable(`${row.place} is away: ${why}`, NOTE))
  })

  return Effect.fnUntraced(function* (
    row: ClaimedMaking,
    made: Result.Result<Made, MakingFailure>,
    /** Whether what is asked for again waits for its time, in which the claim is held. */
    paced = true,
  ): Effect.fn.Return<boolean> {
    if (Result.isSuccess(made)) {
      if (row.failures > 0) yield* repo.closePlace(row.place)
      return yield* row.deliverable_id === null ? stored(row, made.success) : revised(row, made.success)
    }
    const error = made.failure
    if (error._tag === "PlaceAway") return yield* wait(row, error)
    // the catalog is away: the maker was not called, and the making is held until it may be there again
    if (error._tag === "Unavailable") {
      yield* Effect.sleep((yield* delayAfter(unknownStanding, 1)) ?? 0)
      return yield* repo.release(row, storable(error.detail ?? error.title, NOTE))
    }
    // it answered, whatever it said
    const isThere = error._tag === "MakerFailed" || error._tag === "MakerRefused" || error._tag === "DraftNotValid"
    if (row.failures > 0 && isThere) yield* repo.closePlace(row.place)
    const delay = row.deliverable_id !== null && isTransient(error._tag)
      ? yield* delayAfter(changesAgain, Number(row.attempt ?? 0) + 1)
      : undefined
    if (delay === undefined) return yield* repo.fail(row, problemOf(error))
    // no scheduler asks for it again
    if (paced) yield* Effect.sleep(delay)
    return yield* repo.release(row, storable(error.detail ?? error.title, NOTE), `${Number(row.attempt ?? 0) + 1}`)
  })
})
