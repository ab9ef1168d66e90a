/** The permissions of the process of deliverables. */
import type { Manifest } from "@stint/edge/Manifest"

/** Its complete configuration: the environment variables that it may read (`--allow-env`). */
export const env = [
  "CATALOG_URL",
  "DELIVERABLES_DATABASE_URL",
  "DELIVERABLES_MEMORY_URL",
  "DELIVERABLE_PERSISTENCE_MODE",
  "HIRING_URL",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "SCHEDULER_URL",
  "STINT_ALERT_SECRET",
  "STINT_ALERT_SECRET_REF",
  "STINT_ALERT_WEBHOOK",
  "STINT_BOUNDS",
  "STINT_CONSOLE_URL",
  "STINT_HOST",
  "STINT_JOURNAL",
  "STINT_JWKS",
  "STINT_JWKS_FILE",
  "STINT_JWKS_URL",
  "STINT_JWT_AUDIENCE",
  "STINT_JWT_ISSUER",
  "STINT_LOG",
  "STINT_MAIL_FROM",
  "STINT_MODELS",
  "STINT_MAKER_HOSTS",
  "STINT_PG_POOL",
  "STINT_PG_POOL_TTL",
  "STINT_PORT_BASE",
  "STINT_REVOKED_FILE",
  "STINT_SECRETS",
  "STINT_SERVICE_TOKEN_FILE",
  "STINT_SLACK_HOSTS",
  "STINT_SMTP_URL",
  "STINT_SUPERVISED",
  "STINT_TOKEN_MAX_LIFETIME",
  "STINT_UPGRADE_FROM",
  "STINT_WEBHOOK_HOSTS",
] as const

/** The services that it calls. */
export const calls = ["hiring", "catalog", "scheduler"] as const

/** What the launcher derives the permissions from. */
export const manifest: Manifest = {
  inMemory: { variable: "DELIVERABLE_PERSISTENCE_MODE", value: "memory" },
  env,
  calls,
  reads: ["STINT_SECRETS"],
  appends: { STINT_JOURNAL: "journal.jsonl" },
  hosts: ["STINT_MAKER_HOSTS", "STINT_SLACK_HOSTS", "STINT_WEBHOOK_HOSTS"],
  hostsIn: ["STINT_MODELS"],
  connects: ["STINT_ALERT_WEBHOOK"],
  mailServers: ["STINT_SMTP_URL"],
}
