/** Has one claimed making made, and writes how it ended. */
import { budgetOf } from "@stint/domain/Definition/HireSettings"
import { runTrace } from "@stint/domain/scheduler/Traces"
import { Ids } from "@stint/edge/Ids"
import { reconnect } from "@stint/edge/Schedules"
import { traced } from "@stint/edge/Tracing"
import { Cause, Clock, Effect, Option, Schedule } from "effect"
import { Digest } from "effect/crypto"
import { Definitions } from "../Definitions.ts"
import type { NewCall } from "../Makers/Calls.ts"
import { MakerFailed, MakerLate, MakerMisconfigured } from "../Makers/Errors.ts"
import { draftFrom } from "../Makers/Builtin.ts"
import { SlowMakers } from "../Makers/Slow.ts"
import type { MakingRequest } from "../Makers/SlowMaker.ts"
import { monthOf, overBudget } from "./Budget.ts"
import { known, type Made, makeEnding, type MakingFailure, NOTE } from "./Ending.ts"
import { inputOf } from "./Input.ts"
import { storable } from "./Policy.ts"
import { MakingsRepo } from "./Repo.ts"
import { LEASE_SECONDS } from "./Repo/Claims.ts"
import type { ClaimedMaking } from "./Row.ts"

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
    return { draft: yield* known(draft), definition }
  })
})

/** Has a claimed making made and writes its end; interrupted, it gives the making back. */
export const makeMaking = Effect.gen(function* () {
  const repo = yield* MakingsRepo
  const digest = yield* Digest.Digest
  const call = yield* makeCalling
  const end = yield* makeEnding

  return (row: ClaimedMaking, noted: (note: string) => Effect.Effect<void>): Effect.Effect<void> =>
    Effect.result(call(row, noted)).pipe(
      traced("make", Effect.provideService(runTrace(row.idempotency_key), Digest.Digest, digest), {
        goal_instance_id: row.goal_instance_id,
        place: row.place,
      }),
      Effect.flatMap((made) =>
        end(row, made).pipe(
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
