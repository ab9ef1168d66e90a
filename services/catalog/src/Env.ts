/** The permissions of the process of the catalog. */
import type { Manifest } from "@stint/edge/Manifest"

/** Its complete configuration: the environment variables that it may read (`--allow-env`). */
export const env = [
  "CATALOG_DATABASE_URL",
  "HIRING_URL",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "STINT_BOUNDS",
  "STINT_HOST",
  "STINT_JWKS",
  "STINT_JWKS_FILE",
  "STINT_JWKS_URL",
  "STINT_JWT_AUDIENCE",
  "STINT_JWT_ISSUER",
  "STINT_LOG",
  "STINT_MODELS",
  "STINT_PG_POOL",
  "STINT_PG_POOL_TTL",
  "STINT_PORT_BASE",
  "STINT_REVOKED_FILE",
  "STINT_SERVICE_TOKEN_FILE",
  "STINT_SUPERVISED",
  "STINT_TOKEN_MAX_LIFETIME",
  "STINT_UPGRADE_FROM",
  "USE_AGENT_TYPE_DB",
] as const

/** The service that it calls. */
export const calls = ["hiring"] as const

/** What the launcher derives the permissions from. */
export const manifest: Manifest = {
  env,
  inMemory: { variable: "USE_AGENT_TYPE_DB", value: "false" },
  calls,
  reads: ["STINT_MODELS"],
}
