/** The complete configuration of the catalog: what it may read of the environment (`--allow-env`). */
export const env = [
  "CATALOG_DATABASE_URL",
  "STINT_HOST",
  "STINT_JWKS",
  "STINT_JWKS_URL",
  "STINT_JWT_AUDIENCE",
  "STINT_JWT_ISSUER",
  "STINT_PG_POOL",
  "STINT_PORT_BASE",
  "STINT_SUPERVISED",
  "USE_AGENT_TYPE_DB"
] as const
