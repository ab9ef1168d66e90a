/** The SQL of dead letters. An action and its line in the action log commit together or not at all. */
import { PgClient } from "@effect/sql-pg"
import { type DeadLetterCounts, DeadLetterState, type RedriveFilter } from "@stint/domain/scheduler/DeadLetters"
import { DlqId } from "@stint/domain/Ids"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Taken } from "@stint/edge/Paging"
import { actionLogWriter } from "../ActionLog/Repo.ts"
import type { NewActionRow } from "../ActionLog/Row.ts"
import { Millis } from "../Model.ts"
import { Nudge } from "../Nudge.ts"
import { Queue } from "../Queue.ts"
import { startOf } from "../Queue/Stagger.ts"
import { deadLetterReads } from "./Repo/Reads.ts"
import type { CauseRow, DeadLetterPage, DeadLetterPlace, DeadLetterRow } from "./Row.ts"

/** Whether the runs of an entry were queued, or why not. */
export type RetryResult =
  | { readonly _tag: "Queued"; readonly runs: number; readonly retry_count: number }
  | { readonly _tag: "Missing" }
  | { readonly _tag: "Closed"; readonly state: DeadLetterState }
  | { readonly _tag: "UnderWay" }

/** Which entries a redrive queued, how many of their runs, and when the last of these may start (epoch ms). */
export interface RedriveResult {
  readonly dlq_ids: ReadonlyArray<DlqId>
  readonly runs: number
  readonly last_start: number | null
}

/** The dead letters' storage. */
export class DeadLettersRepo extends Context.Service<DeadLettersRepo, {
  list(page: DeadLetterPage): Effect.Effect<Taken<DeadLetterRow, typeof DeadLetterPlace.Type>>
  find(id: string): Effect.Effect<Option.Option<DeadLetterRow>>
  /** The entries of a state by their fingerprint, the most entries first; at most 200. */
  causes(state: DeadLetterState): Effect.Effect<ReadonlyArray<CauseRow>>
  /** How many are in each state, up to `MOST_COUNTED`. */
  readonly counts: Effect.Effect<DeadLetterCounts>
  /** Open entries that a redrive would queue, the oldest failure first, and how many of their runs are dead-lettered. */
  matching(
    filter: RedriveFilter,
    cap: number,
  ): Effect.Effect<ReadonlyArray<{ readonly dlq_id: DlqId; readonly runs: number }>>
  /** Queues all dead-lettered runs of an entry, under their own keys, oldest first, with all their attempts. */
  retry(id: DlqId, line: NewActionRow): Effect.Effect<RetryResult>
  /** Closes an open entry; its runs stay as they are. The state before; none when there is no such entry. */
  discard(id: DlqId, line: NewActionRow): Effect.Effect<Option.Option<DeadLetterState>>
  /** Retries many entries at a pace, oldest runs first, and writes one line for all of them. */
  redrive(ids: ReadonlyArray<DlqId>, per_minute: number | undefined, line: NewActionRow): Effect.Effect<RedriveResult>
}>()("scheduler/DeadLettersRepo") {
  static readonly layer = Layer.effect(
    DeadLettersRepo,
    Effect.gen(function* () {
      const reads = yield* deadLetterReads
      return DeadLettersRepo.of({
        list: (page) => Effect.orDie(reads.list(page)),
        find: (id) => Effect.orDie(reads.find(id)),
        causes: (state) => Effect.orDie(reads.causes(state)),
        counts: Effect.orDie(reads.counts(undefined)),
        matching: (filter, cap) => Effect.orDie(reads.matching({ ...filter, state: "open", cap })),
        retry: yield* retrying,
        redrive: yield* redriving,
        discard: yield* discarding,
      })
    }),
  )
}

const Entries = Schema.Array(DlqId)

const statements = Effect.map(PgClient.PgClient, (sql) => ({
  /** The state of an entry, locked. */
  state: SqlSchema.findOneOption({
    Request: DlqId,
    Result: Schema.Struct({ state: DeadLetterState, goal_instance_id: Schema.String }),
    execute: (id) => sql`select state, goal_instance_id from scheduler_dlq where dlq_id = ${id} for update`,
  }),
  /** Those of the entries that are open, locked. */
  open: SqlSchema.findAll({
    Request: Entries,
    Result: Schema.Struct({ dlq_id: DlqId }),
    execute: (ids) =>
      sql`select dlq_id from scheduler_dlq where dlq_id = any(${ids}::varchar[]) and state = 'open'
          order by dlq_id for update`,
  }),
  goals: SqlSchema.findAll({
    Request: Entries,
    Result: Schema.Struct({ goal_instance_id: Schema.String }),
    execute: (ids) => sql`select distinct goal_instance_id from scheduler_dlq where dlq_id = any(${ids}::varchar[])`,
  }),
  dead: SqlSchema.findAll({
    Request: Entries,
    Result: Schema.Struct({ scheduled_run_id: Schema.String, dlq_id: DlqId, now: Millis }),
    execute: (ids) =>
      sql`select scheduled_run_id, dlq_id, now() as now from scheduled_goal_runs
          where dlq_id = any(${ids}::varchar[]) and status = 'cancelled' order by scheduled_time, scheduled_run_id`,
  }),
  countRetry: SqlSchema.findAll({
    Request: Entries,
    Result: Schema.Struct({ retry_count: Schema.Int }),
    execute: (ids) =>
      sql`update scheduler_dlq set retry_count = retry_count + 1
          where dlq_id = any(${ids}::varchar[]) returning retry_count`,
  }),
  close: SqlSchema.void({
    Request: DlqId,
    execute: (id) => sql`update scheduler_dlq set state = 'discarded', closed_at = now() where dlq_id = ${id}`,
  }),
}))

/** Locks the goals of entries, before the entries: everybody locks a goal before its dead letter. */
const goalLocker = Effect.gen(function* () {
  const queue = yield* Queue
  const { goals } = yield* statements
  return Effect.fnUntraced(function* (entries: ReadonlyArray<DlqId>) {
    yield* queue.lockGoals((yield* goals(entries)).map((row) => row.goal_instance_id))
  })
})

/** Queues the dead-lettered runs of entries whose goals are locked, oldest first. */
const requeuer = Effect.gen(function* () {
  const queue = yield* Queue
  const { dead } = yield* statements
  return Effect.fnUntraced(function* (entries: ReadonlyArray<DlqId>, per_minute: number | undefined) {
    const runs = yield* dead(entries)
    const starts = runs.map(({ now }, nth) => startOf(now, nth, per_minute))
    if (runs.length > 0) {
      yield* queue.requeue(
        runs.map(({ scheduled_run_id }, nth) => ({ scheduled_run_id, claimable_at: starts[nth]! })),
      )
    }
    return { dlq_ids: new Set(runs.map((run) => run.dlq_id)), runs: runs.length, last_start: starts.at(-1) ?? null }
  })
})

const retrying = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const nudge = yield* Nudge
  const writeLine = yield* actionLogWriter
  const lockGoals = yield* goalLocker
  const requeue = yield* requeuer
  const { countRetry, state } = yield* statements
  return Effect.fnUntraced(
    function* (id: DlqId, line: NewActionRow) {
      yield* lockGoals([id])
      const letter = yield* state(id)
      if (Option.isNone(letter)) return { _tag: "Missing" } as const
      if (letter.value.state !== "open") return { _tag: "Closed", state: letter.value.state } as const
      const { runs } = yield* requeue([id], undefined)
      if (runs === 0) return { _tag: "UnderWay" } as const
      const [counted] = yield* countRetry([id])
      yield* writeLine({ ...line, goal_instance_id: letter.value.goal_instance_id })
      yield* nudge.inTransaction
      return { _tag: "Queued", runs, retry_count: counted!.retry_count } as const
    },
    (effect) => Effect.orDie(sql.withTransaction(effect)),
  )
})

const redriving = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const nudge = yield* Nudge
  const writeLine = yield* actionLogWriter
  const lockGoals = yield* goalLocker
  const requeue = yield* requeuer
  const { countRetry, open } = yield* statements
  return Effect.fnUntraced(
    function* (entries: ReadonlyArray<DlqId>, per_minute: number | undefined, line: NewActionRow) {
      yield* lockGoals(entries)
      const stillOpen = (yield* open(entries)).map((row) => row.dlq_id)
      const { dlq_ids, last_start, runs } = yield* requeue(stillOpen, per_minute)
      const queued = entries.filter((id) => dlq_ids.has(id))
      if (queued.length > 0) {
        yield* countRetry(queued)
        yield* writeLine({ ...line, action_metadata: { ...line.action_metadata, dlq_ids: queued } })
        yield* nudge.inTransaction
      }
      return { dlq_ids: queued, runs, last_start }
    },
    (effect) => Effect.orDie(sql.withTransaction(effect)),
  )
})

const discarding = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const writeLine = yield* actionLogWriter
  const { close, state } = yield* statements
  return Effect.fnUntraced(
    function* (id: DlqId, line: NewActionRow) {
      const letter = yield* state(id)
      if (Option.isSome(letter) && letter.value.state === "open") {
        yield* close(id)
        yield* writeLine({ ...line, goal_instance_id: letter.value.goal_instance_id })
      }
      return Option.map(letter, (row) => row.state)
    },
    (effect) => Effect.orDie(sql.withTransaction(effect)),
  )
})
