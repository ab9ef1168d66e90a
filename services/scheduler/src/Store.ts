/** What the memory layers share: the scheduler's tables as maps. It works, and forgets when the process ends. */
import type { Action } from "@stint/domain/scheduler/Controls"
import type { DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import type { ErrorDetails, ErrorType } from "@stint/domain/scheduler/Runs"
import type { Schema } from "effect"
import { Context, Layer } from "effect"
import type { AlertKind } from "./Alerts/Policy.ts"
import type { GoalRow, HireRow, NewRun } from "./Model.ts"
import type { HistoryRow } from "./Projection/History.ts"

/** A scheduled run with its execution and attempts; instants in epoch milliseconds. */
export interface StoredRun extends Omit<NewRun, "queue"> {
  status: "pending" | "completed" | "cancelled"
  run_metadata: Record<string, Schema.Json>
  dlq_id: string | null
  closed_at: number | null
  execution: {
    status: "pending" | "running" | "completed" | "failed"
    attempt: number
    started_at: number
    completed_at: number | null
    deliverable_id: string | null
  } | null
  attempts: Array<{ attempt: number; started_at: number; ended_at: number; error_details: ErrorDetails }>
}

/** A live run. */
export interface QueuedRun {
  readonly run: StoredRun
  serial: boolean
  caught_up: boolean
  forced: boolean
  readonly agent_id: string
  rank: number
  due_at: number
  claimable_at: number | null
  attempt: number
  fence: number | null
  holder: string | null
  claimed_at: number | null
}

/** A dead letter. */
export interface StoredDeadLetter {
  readonly dlq_id: string
  readonly goal_instance_id: string
  readonly hired_instance_id: string
  error_type: ErrorType
  error_message: string
  fingerprint: string
  failure_count: number
  readonly first_failed_at: number
  last_failed_at: number
  readonly expires_at: number
  retry_count: number
  state: DeadLetterState
  closed_at: number | null
}

/** An alert: a condition, from when to when it held, and what was told of it. */
export interface StoredAlert {
  readonly alert_id: string
  readonly kind: AlertKind
  readonly subject: string
  readonly begun_at: number
  ended_at: number | null
  readonly details: Record<string, Schema.Json>
  end_details: Record<string, Schema.Json> | null
  begin_told_at: number | null
  end_told_at: number | null
  tries: number
  next_try_at: number
  leased_until: number | null
}

/** A pause of all (`global`), of a hire or of a customer. */
export interface StoredState {
  readonly state_id: string
  status: "running" | "paused"
  paused_at: number | null
  paused_by: string | null
  paused_reason: string | null
  resumed_at: number | null
  resumed_by: string | null
  updated_at: number
}

/** A line of the action log. */
export interface StoredAction {
  readonly log_id: string
  readonly action: Action
  readonly operator: string
  readonly timestamp: number
  readonly goal_instance_id: string | null
  readonly reason: string | null
  readonly action_metadata: Record<string, Schema.Json>
}

/** How many runs may be under way at once (`run_limits`). */
export interface Limit {
  readonly kind: "customer" | "agent_type" | "every_customer" | "every_agent_type"
  /** The customer or agent type; `*` for every one that has none of its own. */
  readonly subject: string
  readonly max_running: number
}

/** A limit that an operator set. */
export interface StoredLimit extends Limit {
  readonly set_by: string
  readonly updated_at: number
}

/** Whether a hire, its customer or all are paused. */
export const pausedIn =
  ({ states }: Store["Service"]) =>
  (of: { readonly hired_instance_id: string; readonly customer_id: string }): boolean =>
    ["global", `hire:${of.hired_instance_id}`, `customer:${of.customer_id}`].some((id) =>
      states.get(id)?.status === "paused"
    )

/** The maps. */
export class Store extends Context.Service<Store, {
  readonly hires: Map<string, HireRow>
  readonly goals: Map<string, GoalRow>
  /** By goal, the oldest row first. */
  readonly history: Map<string, Array<HistoryRow>>
  readonly runs: Map<string, StoredRun>
  readonly queue: Map<string, QueuedRun>
  readonly deadLetters: Map<string, StoredDeadLetter>
  readonly states: Map<string, StoredState>
  readonly actions: Array<StoredAction>
  readonly missed: Array<{ goal_instance_id: string; from: number; to: number; reason: string; recorded_at: number }>
  readonly alerts: Map<string, StoredAlert>
  readonly limits: Map<string, StoredLimit>
  /** The engine's counters, by name and label. */
  readonly counters: Map<string, number>
  readonly retryBudget: { tokens: number; filled_at: number; completed_seen: number }
  cursor: string | null
  fence: number
}>()("scheduler/Store") {
  static readonly layer = Layer.sync(Store, () => ({
    hires: new Map(),
    goals: new Map(),
    history: new Map(),
    runs: new Map(),
    queue: new Map(),
    deadLetters: new Map(),
    states: new Map([["global", {
      state_id: "global",
      status: "running" as const,
      paused_at: null,
      paused_by: null,
      paused_reason: null,
      resumed_at: null,
      resumed_by: null,
      updated_at: Date.now(),
    }]]),
    actions: [],
    missed: [],
    alerts: new Map(),
    limits: new Map(),
    counters: new Map(),
    retryBudget: { tokens: 1000, filled_at: 0, completed_seen: 0 },
    cursor: null,
    fence: 0,
  }))
}
