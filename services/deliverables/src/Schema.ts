/** The scripts of deliverables that this program was written for, as its ledger names them; written by scripts/schema.ts. */
export const scripts: ReadonlyArray<string> = [
  "010_deliverables_and_approvals",
  "020_idempotency_keys",
  "030_deliverable_origin",
  "031_approval_content",
  "032_immutable_history",
  "033_executions",
  "034_feed_cursor",
  "040_trial_deliverables",
  "050_gateway_audit_logs",
  "065_idempotency_holder",
  "066_rate_buckets",
  "067_deliverable_version",
  "080_deleted_goals_time",
  "085_alerts",
  "086_database_probe",
  "090_schema_scripts",
]
