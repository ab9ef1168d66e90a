/** The scripts of catalog that this program was written for, as its ledger names them; written by scripts/schema.ts. */
export const scripts: ReadonlyArray<string> = [
  "010_agent_type_definitions",
  "020_idempotency_keys",
  "050_gateway_audit_logs",
  "065_idempotency_holder",
  "066_rate_buckets",
  "070_action_log",
  "071_published_versions",
  "072_audit_lines",
  "085_database_probe",
  "090_schema_scripts",
]
