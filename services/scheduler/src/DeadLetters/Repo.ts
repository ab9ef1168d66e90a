/** Dead letters, and their ways back and out. Each action and its audit line commit together. */
import type { DeadLetter, DeadLetterState, RedriveFilter } from "@stint/domain/DeadLetters"
import { Context, type Effect, type Option } from "effect"
import type { AuditLine } from "../Audit/Repo.ts"

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

/** The dead letters' storage. `layerPg` stands in PgRepo.ts, `layerMemory` in MemoryRepo.ts. */
export class DeadLettersRepo extends Context.Service<DeadLettersRepo, {
  list(query: DeadLetterQuery): Effect.Effect<ReadonlyArray<DeadLetter>>
  find(id: string): Effect.Effect<Option.Option<DeadLetter>>
  /** Open entries that a redrive would take, the oldest failure first. */
  matching(filter: RedriveFilter, cap: number): Effect.Effect<ReadonlyArray<string>>
  /** Queues all dead runs of an entry again, under their own keys, oldest first, with all their attempts. */
  retry(id: string, line: AuditLine | undefined): Effect.Effect<RetryResult>
  /** Closes an open entry; its runs stay as they are. */
  discard(id: string, line: AuditLine): Effect.Effect<Option.Option<DeadLetterState>>
  /** Retries many and writes one line of which, together; those that could be retried come back. */
  redrive(ids: ReadonlyArray<string>, line: AuditLine): Effect.Effect<ReadonlyArray<string>>
}>()("scheduler/DeadLettersRepo") {}
