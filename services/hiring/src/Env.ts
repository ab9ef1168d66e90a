/** The permissions of the process of hiring. */
import type { Manifest } from "@stint/edge/Manifest"

/** Its complete configuration: the environment variables that it may read (`--allow-env`). */
export const env = [
  "CATALOG_URL",
  "HIRING_DATABASE_URL",
  "HIRING_MEMORY_URL",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "PERSISTENCE_MODE",
  "SCHEDULER_URL",
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
  "STINT_LOG",
  "STINT_PG_POOL",
  "STINT_PG_POOL_TTL",
  "STINT_PORT_BASE",
  "STINT_REVOKED_FILE",
  "STINT_SECRETS",
  "STINT_SERVICE_TOKEN_FILE",
  "STINT_SUPERVISED",
  "STINT_TOKEN_MAX_LIFETIME",
  "STINT_UPGRADE_FROM",
  "STINT_WEBHOOK_HOSTS",
] as const

/** The services that it calls. */
export const calls = ["catalog", "scheduler"] as const

/** What the launcher derives the permissions from. */
export const manifest: Manifest = {
  env,
  inMemory: { variable: "PERSISTENCE_MODE", value: "memory" },
  calls,
  // which names a customer may refer to; it signs nothing
  reads: ["STINT_SECRETS"],
  connects: ["STINT_ALERT_WEBHOOK"],
}
