/** What the memory layers of the repos share: the tables, forgotten when the service stops. */
import type { Approval } from "@stint/domain/deliverables/Approvals"
import type { ApprovalId } from "@stint/domain/Ids"
import { Context, Layer } from "effect"
import type { DeliverableRow } from "./Deliverables/Row.ts"
import type { TrialDeliverableRow } from "./TrialDeliverables/Row.ts"
import type { ExecutionRow } from "./Executions/Row.ts"

/** The columns of the table `deliverables` itself. */
export type StoredDeliverable = Omit<
  DeliverableRow,
  "delivery_id" | "execution_state" | "requested_by" | "attempts" | "last_error" | "next_attempt_at"
>

/** The tables. Rows are replaced, never changed in place, so that who holds one keeps what it read. */
export class MemoryTables extends Context.Service<MemoryTables, {
  readonly deliverables: Map<string, StoredDeliverable>
  /** Deliverable ids by the run's key. */
  readonly byKey: Map<string, string>
  readonly approvals: Map<ApprovalId, Approval>
  /** By deliverable. */
  readonly executions: Map<string, ExecutionRow>
  readonly deletedGoals: Set<string>
  /** By id. */
  readonly trialDeliverables: Map<string, TrialDeliverableRow>
  cursor: string | undefined
  fence: bigint
}>()("deliverables/MemoryTables") {
  static readonly layer = Layer.sync(MemoryTables, () =>
    MemoryTables.of({
      deliverables: new Map(),
      byKey: new Map(),
      approvals: new Map(),
      executions: new Map(),
      deletedGoals: new Set(),
      trialDeliverables: new Map(),
      cursor: undefined,
      fence: 0n,
    }))
}

/** A deliverable joined with its execution, as the queries of the Postgres layers do it. */
export const joined = (tables: MemoryTables["Service"], stored: StoredDeliverable): DeliverableRow => {
  const execution = tables.executions.get(stored.deliverable_id)
  return {
    ...stored,
    delivery_id: execution?.delivery_id ?? null,
    execution_state: execution?.state ?? null,
    requested_by: execution?.requested_by ?? null,
    attempts: execution?.attempts ?? null,
    last_error: execution?.last_error ?? null,
    next_attempt_at: execution?.next_attempt_at ?? null,
  }
}
