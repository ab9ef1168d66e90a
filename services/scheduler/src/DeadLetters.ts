/** Dead letters: list, retry, redrive and discard what failed (domain.md, "Rules: when it fails"). */
import type { Caller } from "@stint/domain/Caller"
import type { AgentTypeId, CustomerId, DlqId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { InvalidRequest } from "@stint/domain/Problem"
import {
  type DeadLetter,
  type DeadLetterCause,
  DeadLetterClosed,
  type DeadLetterCounts,
  DeadLetterNotFound,
  DeadLetterQueued,
  type DeadLetterState,
  type Redrive,
  type Redriven,
  type Retried,
} from "@stint/domain/scheduler/DeadLetters"
import type { ErrorType } from "@stint/domain/scheduler/Runs"
import { Ids } from "@stint/edge/Ids"
import {
  cursorId,
  CursorMillis,
  decodeCursor,
  DEFAULT_LIMIT,
  type Page,
  pageOf,
  type PageQuery,
} from "@stint/edge/Paging"
import { Clock, Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { DeadLettersRepo, type RedriveResult } from "./DeadLetters/Repo.ts"
import { toCause, toDeadLetter } from "./DeadLetters/Wire.ts"
import { Nudge } from "./Nudge.ts"
import { startOf } from "./Queue/Stagger.ts"

/** How many entries a redrive queues at most, unless it says. */
const DEFAULT_CAP = 100

/** Which entries a person asks for. */
export interface DeadLettersQuery extends PageQuery {
  readonly state?: DeadLetterState
  readonly goal_instance_id?: GoalInstanceId
  readonly hired_instance_id?: HiredInstanceId
  readonly customer_id?: CustomerId
  readonly agent_id?: AgentTypeId
  readonly error_type?: ErrorType
  readonly fingerprint?: string
  /** Failed last in [from, to). */
  readonly from?: DateTime.Utc
  readonly to?: DateTime.Utc
}

/** Dead letters. */
export class DeadLetters extends Context.Service<DeadLetters, {
  /** The latest failure first. */
  list(query: DeadLettersQuery): Effect.Effect<Page<DeadLetter>, InvalidRequest>
  get(id: DlqId): Effect.Effect<DeadLetter, DeadLetterNotFound>
  /** The causes of the entries of a state (default open), the cause of the most entries first. */
  causes(state?: DeadLetterState): Effect.Effect<{ readonly items: ReadonlyArray<DeadLetterCause> }>
  /** How many are in each state, up to `MOST_COUNTED`. */
  readonly counts: Effect.Effect<DeadLetterCounts>
  /** Queues all runs of an entry again, under their own keys. */
  retry(caller: Caller, id: DlqId): Effect.Effect<Retried, DeadLetterNotFound | DeadLetterClosed | DeadLetterQueued>
  /** Retries many entries; with `dry_run` it only says which. */
  redrive(caller: Caller, input: Redrive): Effect.Effect<Redriven>
  /** Closes an open entry; its runs stay as they are. */
  discard(caller: Caller, id: DlqId, reason: string): Effect.Effect<DeadLetter, DeadLetterNotFound | DeadLetterClosed>
}>()("scheduler/DeadLetters") {
  static readonly layer = Layer.effect(
    DeadLetters,
    Effect.gen(function* () {
      const repo = yield* DeadLettersRepo
      const cursorOf = decodeCursor(Schema.Tuple([CursorMillis, cursorId("DLQ")]))

      const list = Effect.fn("DeadLetters.list")(
        function* ({ cursor, from, limit = DEFAULT_LIMIT, to, ...filter }: DeadLettersQuery) {
          const after = yield* cursorOf(cursor)
          const rows = yield* repo.list({
            ...filter,
            ...(from === undefined ? {} : { from: DateTime.toEpochMillis(from) }),
            ...(to === undefined ? {} : { to: DateTime.toEpochMillis(to) }),
            ...(after === undefined ? {} : { after }),
            limit: limit + 1,
          })
          return yield* pageOf(rows, limit, ({ dlq_id, last_failed_at }) => [last_failed_at, dlq_id], toDeadLetter)
        },
      )

      const causes = Effect.fn("DeadLetters.causes")(function* (state: DeadLetterState = "open") {
        return { items: (yield* repo.causes(state)).map(toCause) }
      })

      return DeadLetters.of({ list, causes, counts: repo.counts, ...(yield* actions) })
    }),
  )
}

const actions = Effect.gen(function* () {
  const repo = yield* DeadLettersRepo
  const ids = yield* Ids
  const nudge = yield* Nudge
  const lineOf = Effect.fnUntraced(function* (caller: Caller, action: "dlq_retry" | "dlq_redrive" | "dlq_discard") {
    return {
      log_id: yield* ids.next("LOG"),
      action,
      operator: caller.subject,
      goal_instance_id: null,
      reason: null,
      action_metadata: {},
    }
  })

  const get = Effect.fn("DeadLetters.get")(function* (id: DlqId) {
    const found = yield* repo.find(id)
    return Option.isSome(found) ? toDeadLetter(found.value) : yield* new DeadLetterNotFound({ detail: id })
  })

  const retry = Effect.fn("DeadLetters.retry")(function* (caller: Caller, id: DlqId) {
    const line = yield* lineOf(caller, "dlq_retry")
    const result = yield* repo.retry(id, { ...line, action_metadata: { dlq_ids: [id] } })
    switch (result._tag) {
      case "Missing":
        return yield* new DeadLetterNotFound({ detail: id })
      case "Closed":
        return yield* new DeadLetterClosed({ detail: `It is ${result.state}`, state: result.state })
      case "UnderWay":
        return yield* new DeadLetterQueued({ detail: "All its runs are queued or running; wait until they end" })
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
      dlq_ids,
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
    const line = { ...(yield* lineOf(caller, "dlq_redrive")), reason: input.reason ?? null }
    const done = yield* repo.redrive(matched.map((letter) => letter.dlq_id), per_minute, {
      ...line,
      action_metadata: { filter: { ...filter }, ...(per_minute === undefined ? {} : { per_minute }) },
    })
    if (done.runs > 0) yield* nudge.here
    return answer(done.dlq_ids.length, done)
  })

  const discard = Effect.fn("DeadLetters.discard")(function* (caller: Caller, id: DlqId, reason: string) {
    const line = yield* lineOf(caller, "dlq_discard")
    const was = yield* repo.discard(id, { ...line, reason, action_metadata: { dlq_ids: [id] } })
    if (Option.isNone(was)) return yield* new DeadLetterNotFound({ detail: id })
    if (was.value !== "open") return yield* new DeadLetterClosed({ detail: `It is ${was.value}`, state: was.value })
    return yield* get(id)
  })

  return { get, retry, redrive, discard }
})
