/** Files that follow from the scripts of a service: its verification, its rollback, and the ledger that its program expects. */
import { PgClient } from "@effect/sql-pg"
import { migrate, type MigrationError, type MigrationTarget } from "@stint/edge/Migrator"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { Effect } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql"
import { rollbackScript, snapshotWithRestored, verifyScript } from "./Snapshot.ts"

/** A file of this repository: its path from the root, and what has to stand in it. */
export interface DerivedFile {
  readonly path: string
  readonly text: string
}

const ledgerModule = (service: string, names: ReadonlyArray<string>): string =>
  `/** The scripts of ${service} that this program was written for, as its ledger names them; written by scripts/schema.ts. */
export const scripts: ReadonlyArray<string> = [
${names.map((name) => `  ${JSON.stringify(name)},`).join("\n")}
]
`

/** Migrates an empty database, reads off it what the files have to be, and leaves it as a restore would. Phase 2 has its own rollback, written by hand. */
export const derivedFiles = (
  target: MigrationTarget & { readonly runtimeRole: string },
): Effect.Effect<ReadonlyArray<DerivedFile>, MigrationError | SqlError.SqlError> =>
  Effect.gen(function* () {
    const { files, runtimeRole, service, url } = target
    const { applied } = yield* migrate(target)
    const sql = yield* PgClient.makeClient(connectionOf(url)).pipe(Effect.provide(Reactivity.layer))
    const things = yield* snapshotWithRestored(sql, runtimeRole)
    const hasPhase2 = files.some(({ name }) => name.startsWith("phase2_"))
    return [
      { path: `sql/${service}/verify.sql`, text: verifyScript(service, things) },
      ...(hasPhase2 ? [] : [{ path: `sql/${service}/rollback.sql`, text: rollbackScript(service, things) }]),
      { path: `services/${service}/src/Schema.ts`, text: ledgerModule(service, applied) },
    ]
  }).pipe(Effect.scoped)
