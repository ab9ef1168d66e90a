/** The rules of dead letters (domain.md, "Rules: when it fails"). */
import type { Caller } from "@stint/domain/Caller"
import {
  type DeadLetter,
  type DeadLetterCause,
  DeadLetterClosed,
  DeadLetterNotFound,
  DeadLetterQueued,
  type DeadLetterState,
  type Redrive,
  type Redriven,
  type Retried,
} from "@stint/domain/scheduler/DeadLetters"
import type { DlqId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { InvalidRequest } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, pageOf } from "@stint/edge/Paging"
import { Clock, Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { DeadLettersRepo, type RedriveResult } from "./DeadLetters/Repo.ts"
import { Nudge } from "./Nudge.ts"
import { startOf } from "./Queue/Pace.ts"

/** How many entries a redrive takes unless it says. */
const DEFAULT_CAP = 100

/** Which entries a person asks for. */
export interface DeadLettersQuery {
  readonly state?: DeadLetterState
  readonly goal_instance_id?: GoalInstanceId
  readonly hired_instance_id?: HiredInstanceId
  readonly fingerprint?: string
  readonly cursor?: string
  readonly limit?: number
}

/** Dead letters. */
export class DeadLetters extends Context.Service<DeadLetters, {
  list(
    query: DeadLettersQuery,
  ): Effect.Effect<{ readonly items: ReadonlyArray<DeadLetter>; readonly next_cursor: string | null }, InvalidRequest>
  get(id: DlqId): Effect.Effect<DeadLetter, DeadLetterNotFound>
  /** What the entries of a state (open unless it says) failed of, those of one cause together. */
  causes(state?: DeadLetterState): Effect.Effect<{ readonly items: ReadonlyArray<DeadLetterCause> }>
  /** Queues all its runs again, under the keys they had. */
  retry(caller: Caller, id: DlqId): Effect.Effect<Retried, DeadLetterNotFound | DeadLetterClosed | DeadLetterQueued>
  /** Retries many; with `dry_run` only tells which. */
  redrive(caller: Caller, input: Redrive): Effect.Effect<Redriven>
  /** Gives up, for a reason. */
  discard(caller: Caller, id: DlqId, reason: string): Effect.Effect<DeadLetter, DeadLetterNotFound | DeadLetterClosed>
}>()("scheduler/DeadLetters") {
  static readonly layerNoDeps = Layer.effect(
    DeadLetters,
    Effect.gen(function* () {
      const repo = yield* DeadLettersRepo
      const ids = yield* Ids
      const nudge = yield* Nudge
      const cursorOf = decodeCursor(Schema.Tuple([Schema.Finite, Schema.String]))
      const line = Effect.fnUntraced(function* (caller: Caller, action: "dlq_retry" | "dlq_redrive" | "dlq_discard") {
        return {
          log_id: yield* ids.next("LOG"),
          action,
          operator: caller.subject,
          goal_instance_id: null,
          reason: null,
          action_metadata: {},
        }
      })

      const list = Effect.fn("DeadLetters.list")(
        function* ({ cursor, limit = DEFAULT_LIMIT, ...filter }: DeadLettersQuery) {
          const after = yield* cursorOf(cursor)
          const rows = yield* repo.list({ ...filter, ...(after === undefined ? {} : { after }), limit: limit + 1 })
          return pageOf(rows, limit, (row) => [DateTime.toEpochMillis(row.last_failed_at), row.dlq_id])
        },
      )

      const get = Effect.fn("DeadLetters.get")(function* (id: DlqId) {
        const found = yield* repo.find(id)
        return Option.isSome(found) ? found.value : yield* new DeadLetterNotFound({ detail: id })
      })

      const causes = Effect.fn("DeadLetters.causes")(function* (state: DeadLetterState = "open") {
        return { items: yield* repo.causes(state) }
      })

      const retry = Effect.fn("DeadLetters.retry")(function* (caller: Caller, id: DlqId) {
        const result = yield* repo.retry(id, {
          ...(yield* line(caller, "dlq_retry")),
          action_metadata: { dlq_ids: [id] },
        })
        switch (result._tag) {
          case "Missing":
            return yield* new DeadLetterNotFound({ detail: id })
          case "Closed":
            return yield* new DeadLetterClosed({ detail: `It is ${result.state}`, state: result.state })
          case "UnderWay":
            return yield* new DeadLetterQueued({ detail: "Its runs are under way; wait for what becomes of them" })
          case "Queued":
            yield* nudge.here
            return { status: "queued" as const, dlq_id: id, retry_count: result.retry_count }
        }
      })

      const redrive = Effect.fn("DeadLetters.redrive")(function* (caller: Caller, input: Redrive) {
        const { cap = DEFAULT_CAP, dry_run = false, filter = {}, per_minute } = input
        const matched = yield* repo.matching(filter, cap)
        const answer = (queued: number, { dlq_ids, last_start, runs }: RedriveResult): Redriven => ({
          matched: matched.length,
          queued,
          dlq_ids: dlq_ids as ReadonlyArray<DlqId>,
          runs,
          finishes_at: last_start === null ? null : DateTime.makeUnsafe(last_start),
        })
        if (dry_run) {
          const runs = matched.reduce((sum, letter) => sum + letter.runs, 0)
          return answer(0, {
            dlq_ids: matched.filter((letter) => letter.runs > 0).map((letter) => letter.dlq_id),
            runs,
            last_start: runs === 0 ? null : startOf(yield* Clock.currentTimeMillis, runs - 1, per_minute),
          })
        }
        const done = yield* repo.redrive(matched.map((letter) => letter.dlq_id), per_minute, {
          ...(yield* line(caller, "dlq_redrive")),
          action_metadata: { filter: { ...filter }, ...(per_minute === undefined ? {} : { per_minute }) },
        })
        if (done.runs > 0) yield* nudge.here
        return answer(done.dlq_ids.length, done)
      })

      const discard = Effect.fn("DeadLetters.discard")(function* (caller: Caller, id: DlqId, reason: string) {
        const was = yield* repo.discard(id, {
          ...(yield* line(caller, "dlq_discard")),
          reason,
          action_metadata: { dlq_ids: [id] },
        })
        if (Option.isNone(was)) return yield* new DeadLetterNotFound({ detail: id })
        if (was.value !== "open") return yield* new DeadLetterClosed({ detail: `It is ${was.value}`, state: was.value })
        return yield* get(id)
      })

      return DeadLetters.of({ list, get, causes, retry, redrive, discard })
    }),
  )
}
