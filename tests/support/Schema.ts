/** The schema of a service in a database of its own: made, filled, empty or whole. */
import { services } from "@stint/cli/Provision"
import { readScripts } from "@stint/cli/Scripts"
import type { MigrationTarget } from "@stint/edge/Migrator"
import { verify } from "@stint/edge/Migrator/Verify"
import { Effect } from "effect"
import { assert } from "vitest"
import { emptyDatabase } from "./Database.ts"
import { clientOf } from "./Paste.ts"
import { rowsOf } from "./Rows.ts"

/** A service that keeps data. */
export type Service = typeof services[number]

/** An empty database, to be migrated. */
export const targetOf = (service: Service) =>
  Effect.gen(function* () {
    const { migrateUrl: url, runtimeRole } = yield* emptyDatabase(service)
    const files = yield* Effect.promise(() => readScripts(service))
    return { service, url, runtimeRole, files }
  })

/** Puts rows into the tables. */
export const fill = Effect.fnUntraced(function* (service: Service, target: MigrationTarget) {
  const sql = yield* clientOf(target.url)
  for (const statement of rowsOf[service]) yield* sql.unsafe(statement)
})

/** Asserts that nothing but the ledger is in the schema. */
export const isEmpty = Effect.fnUntraced(function* (target: MigrationTarget) {
  const sql = yield* clientOf(target.url)
  const left = yield* sql`select relname from pg_class
    where relnamespace = 'public'::regnamespace and relname !~ '^schema_(ledger|scripts)'`
  assert.deepStrictEqual(left, [])
})

/** Asserts that the schema is what the scripts say. */
export const isWhole = Effect.fnUntraced(function* (target: MigrationTarget) {
  assert.deepStrictEqual((yield* verify(target)).filter(({ ok }) => !ok), [])
})
