/** The permissions of the process of the scheduler. */
import type { Manifest } from "@stint/edge/Manifest"

/** Its complete configuration: the environment variables that it may read (`--allow-env`). */
export const env = [
  "DELIVERABLES_URL",
  "HIRING_URL",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "SCHEDULER_DATABASE_URL",
  "SCHEDULER_MEMORY_URL",
  "SCHEDULER_PERSISTENCE_MODE",
  "STINT_ALERT_SECRET",
  "STINT_ALERT_SECRET_REF",
  "STINT_ALERT_WEBHOOK",
  "STINT_BOUNDS",
  "STINT_HOST",
  "STINT_JWKS",
  "STINT_JWKS_FILE",
  "STINT_JWKS_URL",
  "STINT_JWT_AUDIENCE",
  "STINT_JWT_ISSUER",
  "STINT_LATENESS_OBJECTIVE",
  "STINT_LOG",
  "STINT_MAX_RUNNING",
  "STINT_PG_POOL",
  "STINT_PG_POOL_TTL",
  "STINT_PORT_BASE",
  "STINT_RETRIES_PER_SECOND",
  "STINT_REVOKED_FILE",
  "STINT_SECRETS",
  "STINT_SERVICE_TOKEN_FILE",
  "STINT_SUPERVISED",
  "STINT_TOKEN_MAX_LIFETIME",
  "STINT_TRACE_URL",
  "STINT_UPGRADE_FROM",
] as const

/** The services that it calls. */
export const calls = ["hiring", "deliverables"] as const

/** What the launcher derives the permissions from. */
export const manifest: Manifest = {
  env,
  inMemory: { variable: "SCHEDULER_PERSISTENCE_MODE", value: "memory" },
  calls,
  connects: ["STINT_ALERT_WEBHOOK"],
}
