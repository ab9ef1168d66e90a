/** The permissions of the gateway's process. */
import type { Manifest } from "@stint/edge/Manifest"

/** Its complete configuration: the environment variables that it may read (`--allow-env`). */
export const env = [
  "CATALOG_URL",
  "DELIVERABLES_URL",
  "HIRING_URL",
  "SCHEDULER_URL",
  "STINT_BOUNDS",
  "STINT_CONSOLE_DIST",
  "STINT_HOST",
  "STINT_JWKS",
  "STINT_JWKS_FILE",
  "STINT_JWKS_URL",
  "STINT_JWT_AUDIENCE",
  "STINT_JWT_ISSUER",
  "STINT_LOCAL_KEY_FILE",
  "STINT_PORT_BASE",
  "STINT_PUBLIC_URL",
  "STINT_REVOKED_FILE",
  "STINT_SESSION_KEY_FILE",
  "STINT_SUPERVISED",
  "STINT_TOKEN_MAX_LIFETIME",
  "STINT_UPGRADE_FROM",
] as const

/** What the launcher derives the permissions from. */
export const manifest: Manifest = {
  env,
  calls: ["catalog", "hiring", "deliverables", "scheduler"],
  reads: ["STINT_CONSOLE_DIST", "STINT_LOCAL_KEY_FILE", "STINT_SESSION_KEY_FILE"],
}
