/** The rows of the schema_ledger of scheduler that this program was written for; written by scripts/schema.ts. */
export const scripts: ReadonlyArray<string> = [
  "phase2_01_scheduler_dlq",
  "phase2_02_scheduler_state",
  "phase2_03_scheduler_action_log",
  "phase2_04_scheduled_goal_runs",
  "phase2_05_goal_runs",
  "020_idempotency_keys",
  "050_gateway_audit_logs",
  "110_projection",
  "120_run_queue",
  "130_retention",
  "140_alerts",
  "150_fair_claims",
  "155_parked_goals",
  "160_answers",
  "170_dead_letter_cause",
  "180_engine_counters",
]
