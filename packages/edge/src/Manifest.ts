/**
 * What a service needs of its machine, beyond its own port and database: each service exports it as `manifest` from `src/Env.ts`, in
 * plain values, and whoever starts the service derives its permissions from it. A path or a host stands in a variable.
 */
export interface Manifest {
  /** The variables that it reads; it sees no other. */
  readonly env: ReadonlyArray<string>
  /**
   * Absent where it keeps no rows. The variable, and its value, by which its rows are forgotten when it stops. One that reads `<NAME>_MEMORY_URL` needs a
   * Postgres for that all the same, which is thrown away; any other keeps its rows itself.
   */
  readonly inMemory?: { readonly variable: string; readonly value: string }
  /** The services that it calls. */
  readonly calls?: ReadonlyArray<string>
  /** Variables that name a file which it reads. Those of the edge (`STINT_SERVICE_TOKEN_FILE`, `STINT_JWKS_FILE`, `STINT_REVOKED_FILE`) are so by themselves. */
  readonly reads?: ReadonlyArray<string>
  /** Variables that name a file which it appends to, each with the file's name in the home where nobody sets it. */
  readonly appends?: Readonly<Record<string, string>>
  /** Variables that hold a url that it connects to. `STINT_JWKS_URL` and `OTEL_EXPORTER_OTLP_ENDPOINT` are so by themselves. */
  readonly connects?: ReadonlyArray<string>
  /** Variables that name a mail server which it connects to (`parseSmtpUrl`). */
  readonly mailServers?: ReadonlyArray<string>
  /** Variables that list hosts that it connects to (`parseHostList`). */
  readonly hosts?: ReadonlyArray<string>
  /** Variables that name a file which it reads, and whose `base_url`s it connects to (`baseUrlsOf`). */
  readonly hostsIn?: ReadonlyArray<string>
}
