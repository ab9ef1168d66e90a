/** The databases of all four services for a `stint` that is started by a test, on the server of the run. */
import { type ServiceName, serviceNames } from "@stint/cli/Stack/Settings"
import { Effect, Exit, Redacted, Scope } from "effect"
import { cloneDatabase, emptyDatabase } from "../../../../tests/support/Database.ts"

/** Databases that a test made. */
export interface Databases {
  /** `<SERVICE>_DATABASE_URL` and `<SERVICE>_MIGRATE_URL` of all. */
  readonly env: Readonly<Record<string, string>>
  readonly runtimeRole: Readonly<Record<ServiceName, string>>
  release(): Promise<void>
}

/** Empty ones, or such that are migrated already. */
export const makeDatabases = async (kind: "empty" | "migrated"): Promise<Databases> => {
  const scope = Scope.makeUnsafe()
  const make = kind === "empty" ? emptyDatabase : cloneDatabase
  const made = await Promise.all(
    serviceNames.map((service) =>
      Effect.runPromise(Scope.provide(Effect.map(make(service), (urls) => ({ service, ...urls })), scope))
    ),
  )
  return {
    env: Object.fromEntries(made.flatMap(({ databaseUrl, migrateUrl, service }) => [
      [`${service.toUpperCase()}_DATABASE_URL`, Redacted.value(databaseUrl)],
      [`${service.toUpperCase()}_MIGRATE_URL`, Redacted.value(migrateUrl)],
    ])),
    runtimeRole: Object.fromEntries(made.map(({ runtimeRole, service }) => [service, runtimeRole])) as Databases[
      "runtimeRole"
    ],
    release: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
