/** The scripts of hiring that this program was written for, as its ledger names them; written by scripts/schema.ts. */
export const scripts: ReadonlyArray<string> = [
  "010_subscriptions",
  "011_hired_agents_and_goals",
  "020_idempotency_keys",
  "030_hire_and_goal_lifecycle",
  "031_hiring_outbox",
  "040_customer_entity",
  "041_trials",
  "042_engagement_time",
  "050_gateway_audit_logs",
  "050_run_slots",
  "065_idempotency_holder",
  "066_rate_buckets",
  "080_feed_positions",
  "085_alerts",
  "086_database_probe",
  "090_schema_scripts",
]
