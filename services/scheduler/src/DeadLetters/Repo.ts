/** Dead letters, and their ways back and out. Each action and its audit line commit together. */
import type { DeadLetter, DeadLetterCause, DeadLetterState, RedriveFilter } from "@stint/domain/scheduler/DeadLetters"
import { Context, type Effect, type Option } from "effect"
import type { AuditLine } from "../Audit/Repo.ts"

/** How many causes are told at most. */
export const CAUSES = 200

/** Which entries, the latest failure first. */
export interface DeadLetterQuery extends RedriveFilter {
  readonly state?: DeadLetterState
  readonly after?: readonly [last_failed_at: number, id: string]
  readonly limit: number
}

/** What an entry's retry came to: queued so many runs, or why not. */
export type RetryResult =
  | { readonly _tag: "Queued"; readonly runs: number; readonly retry_count: number }
  | { readonly _tag: "Missing" }
  | { readonly _tag: "Closed"; readonly state: DeadLetterState }
  | { readonly _tag: "UnderWay" }

/** What a redrive came to: which entries, how many of their runs, and when the last of these may start, epoch ms. */
export interface RedriveResult {
  readonly dlq_ids: ReadonlyArray<string>
  readonly runs: number
  readonly last_start: number | null
}

/** The dead letters' storage. `layerPg` stands in PgRepo.ts, `layerMemory` in MemoryRepo.ts. */
export class DeadLettersRepo extends Context.Service<DeadLettersRepo, {
  list(query: DeadLetterQuery): Effect.Effect<ReadonlyArray<DeadLetter>>
  find(id: string): Effect.Effect<Option.Option<DeadLetter>>
  /** The entries of a state by their fingerprint, the most entries first; at most 200. */
  causes(state: DeadLetterState): Effect.Effect<ReadonlyArray<DeadLetterCause>>
  /** Open entries that a redrive would take, the oldest failure first, and how many of their runs are dead. */
  matching(
    filter: RedriveFilter,
    cap: number,
  ): Effect.Effect<ReadonlyArray<{ readonly dlq_id: string; readonly runs: number }>>
  /** Queues all dead runs of an entry again, under their own keys, oldest first, with all their attempts. */
  retry(id: string, line: AuditLine): Effect.Effect<RetryResult>
  /** Closes an open entry; its runs stay as they are. */
  discard(id: string, line: AuditLine): Effect.Effect<Option.Option<DeadLetterState>>
  /** Retries many at a pace, oldest runs first, and writes one line of which, together. */
  redrive(ids: ReadonlyArray<string>, per_minute: number | undefined, line: AuditLine): Effect.Effect<RedriveResult>
}>()("scheduler/DeadLettersRepo") {}
