/** The complete configuration of hiring: what it may read of the environment (`--allow-env`). */
export const env = [
  "CATALOG_URL",
  "HIRING_DATABASE_URL",
  "PERSISTENCE_MODE",
  "SCHEDULER_URL",
  "STINT_HOST",
  "STINT_JWKS",
  "STINT_JWKS_URL",
  "STINT_JWT_AUDIENCE",
  "STINT_JWT_ISSUER",
  "STINT_PG_POOL",
  "STINT_PORT_BASE",
  "STINT_SERVICE_TOKEN_FILE",
  "STINT_SUPERVISED",
  "STINT_WEBHOOK_HOSTS",
] as const
