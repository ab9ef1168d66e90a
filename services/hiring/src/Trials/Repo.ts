/** Where trials are kept. One method per atomic unit; two storages, `RepoPg.ts` and `RepoMemory.ts`. */
import type { CustomerId, TrialId } from "@stint/domain/Ids"
import type { LeadTrialEnd, LeadTrialStatus } from "@stint/domain/hiring/Trials"
import { Context, type DateTime, type Effect, type Option } from "effect"
import type { Stretch } from "../Engagements/Repo.ts"
import type { TrialRow } from "./Rows.ts"

/** Which trials: those that a customer began or all, in that state or in any. */
export interface TrialsWanted {
  readonly customer_id: CustomerId | undefined
  readonly status: LeadTrialStatus | undefined
}

/** Trials of the lead-generation kind. */
export class TrialsRepo extends Context.Service<TrialsRepo, {
  /** Stores a trial; finds the stored one when that id is there already. */
  begin(row: TrialRow): Effect.Effect<TrialRow>
  find(id: TrialId): Effect.Effect<Option.Option<TrialRow>>
  /** By id. */
  list(wanted: TrialsWanted, stretch: Stretch): Effect.Effect<ReadonlyArray<TrialRow>>
  /** Ends it; none when it is not active. */
  end(id: TrialId, status: LeadTrialEnd, now: DateTime.Utc): Effect.Effect<Option.Option<TrialRow>>
  /** Removes it; whether it was there. */
  remove(id: TrialId): Effect.Effect<boolean>
}>()("hiring/TrialsRepo") {}
