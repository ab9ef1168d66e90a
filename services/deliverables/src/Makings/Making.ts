/** Has one claimed making made, and writes how it ended. */
import { type AgentTypeDefinition, findTemplate } from "@stint/domain/Definition"
import { budgetOf } from "@stint/domain/Definition/HireSettings"
import { contentSha256 } from "@stint/domain/Canonical"
import type { DraftImpossible } from "@stint/domain/deliverables/Drafts"
import { DeliverableId } from "@stint/domain/Ids"
import { DraftPayload } from "@stint/domain/Payload"
import { runTrace } from "@stint/domain/scheduler/Traces"
import { Ids } from "@stint/edge/Ids"
import { changesAgain, delayAfter, makerAway, reconnect, unknownStanding } from "@stint/edge/Schedules"
import { traced } from "@stint/edge/Tracing"
import { Cause, Clock, DateTime, Effect, Option, Result, Schedule, Schema } from "effect"
import { Digest } from "effect/crypto"
import type { Unavailable } from "@stint/domain/Problem"
import { Definitions } from "../Definitions.ts"
import type { NewCall } from "../Makers/Calls.ts"
import {
  DraftNotValid,
  MakerFailed,
  MakerLate,
  MakerMisconfigured,
  type MakingError,
  PlaceAway,
} from "../Makers/Errors.ts"
import { draftFrom } from "../Makers/Builtin.ts"
import type { Draft } from "../Makers/Maker.ts"
import { SlowMakers } from "../Makers/Slow.ts"
import type { MakingRequest } from "../Makers/SlowMaker.ts"
import { isStorable } from "../Makers/Storable.ts"
import { monthOf, overBudget } from "./Budget.ts"
import { inputOf } from "./Input.ts"
import { problemOf, storable } from "./Policy.ts"
import { MakingsRepo } from "./Repo.ts"
import { LEASE_SECONDS } from "./Repo/Claims.ts"
import type { ClaimedMaking } from "./Row.ts"

/** The most characters of a note. */
const NOTE = 300
/** How many times in a row a place is found away before the waits between tries grow no longer. */
const FAILURES = 8

const isDraft = Schema.is(DraftPayload)

/** Why there is no draft: its maker, or what it needs, is not there, or it makes none. */
type MakingFailure = MakingError | DraftImpossible | Unavailable

/** What another attempt may mend. */
const isTransient = (tag: string) => tag === "MakerFailed" || tag === "MakerLate"

/** What is said of a draft that was made anew and is as it was. */
const SAME = "It was made anew from the config and settings as they now are, and is the same as before"

/** A draft, with what its definition says of it. */
interface Made {
  readonly draft: Draft
  readonly definition: AgentTypeDefinition
}

/** Calls the maker of a claimed making. A defect of it fails this making alone. */
const makeCalling = Effect.gen(function* () {
  const repo = yield* MakingsRepo
  const definitions = yield* Definitions
  const makers = yield* SlowMakers
  const ids = yield* Ids

  const recordCall = (row: ClaimedMaking) =>
    Effect.fnUntraced(function* (call: NewCall) {
      const call_id = yield* ids.next("CAL")
      const { config, settings } = row.input
      const budget = budgetOf(settings)
      const month = monthOf(config, yield* Clock.currentTimeMillis)
      const record = yield* repo.record(row, call_id, call, month, budget)
      // the lease is lost: whoever holds the making now calls its maker
      if (record === "lost") return yield* Effect.interrupt
      if (record === "over budget") return yield* overBudget(budget)
      return { call_id, ended: (end: Parameters<typeof repo.endCall>[1]) => repo.endCall(call_id, end) }
    })

  return Effect.fnUntraced(function* (
    row: ClaimedMaking,
    noted: (note: string) => Effect.Effect<void>,
  ): Effect.fn.Return<Made, MakingFailure> {
    const { agent_id, definition_version } = row
    const found = yield* definitions.get(agent_id, definition_version)
    if (Option.isNone(found)) {
      return yield* new MakerMisconfigured({ detail: `${agent_id}@${definition_version} is not in the catalog` })
    }
    const definition = found.value
    const prepared = yield* Effect.provideService(inputOf(row, definition), MakingsRepo, repo)
    if (prepared.spec === undefined) {
      return { draft: yield* Effect.fromResult(draftFrom(prepared.input)), definition }
    }
    const { input, spec } = prepared
    const common = {
      input,
      deadline: (yield* Clock.currentTimeMillis) + row.left_ms,
      progress: (note: string) => noted(storable(note, NOTE)),
      recordCall: recordCall(row),
    }
    const making = spec.kind === "model"
      ? makers.model.make({ ...common, spec } satisfies MakingRequest)
      : makers.http.make({ ...common, spec } satisfies MakingRequest)
    const draft = yield* making.pipe(
      Effect.timeoutOrElse({
        duration: row.left_ms,
        orElse: () => Effect.fail(new MakerLate({ detail: `It took longer than ${row.left_ms / 1_000} s` })),
      }),
      Effect.catchDefect((defect) =>
        Effect.andThen(
          Effect.logError(`the maker of ${row.idempotency_key} died`, defect),
          Effect.fail(new MakerFailed({ detail: "Something broke on our side" })),
        )
      ),
    )
    if (!isDraft(draft.payload) || !isStorable(draft)) {
      return yield* new DraftNotValid({ detail: "It is no draft of any known type" })
    }
    return { draft, definition }
  })
})

/** Has a claimed making made and writes its end; interrupted, it gives the making back. */
export const makeMaking = Effect.gen(function* () {
  const repo = yield* MakingsRepo
  const ids = yield* Ids
  const digest = yield* Digest.Digest
  const call = yield* makeCalling

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

  const write = Effect.fnUntraced(function* (row: ClaimedMaking, made: Result.Result<Made, MakingFailure>) {
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
    yield* Effect.sleep(delay)
    return yield* repo.release(row, storable(error.detail ?? error.title, NOTE), `${Number(row.attempt ?? 0) + 1}`)
  })

  return (row: ClaimedMaking, noted: (note: string) => Effect.Effect<void>): Effect.Effect<void> =>
    Effect.result(call(row, noted)).pipe(
      traced("make", Effect.provideService(runTrace(row.idempotency_key), Digest.Digest, digest), {
        goal_instance_id: row.goal_instance_id,
        place: row.place,
      }),
      Effect.flatMap((made) =>
        write(row, made).pipe(
          // the database may restart meanwhile: an end that is written twice finds its fence gone
          Effect.sandbox,
          Effect.retry(reconnect.pipe(Schedule.upTo({ duration: LEASE_SECONDS * 1_000 / 2 }))),
        )
      ),
      Effect.flatMap((held) =>
        held
          ? Effect.void
          : Effect.logWarning(`the end of the making ${row.idempotency_key} is not written: it was lost`)
      ),
      Effect.onInterrupt(() => Effect.ignoreCause(Effect.timeout(repo.release(row, null), "5 seconds"))),
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.failCause(cause as Cause.Cause<never>)
          : Effect.logWarning(`the end of the making ${row.idempotency_key} can't be written`, cause)
      ),
    )
})
