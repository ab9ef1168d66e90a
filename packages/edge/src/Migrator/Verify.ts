/** Compares the schema of a database with what its scripts make, by the service's `verify.sql`. */
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { lookAt, type MigrationTarget, onDatabase } from "./Database.ts"
import { MigrationError } from "./MigrationError.ts"

const Line = Schema.Struct({ check: Schema.String, result: Schema.String })

/** One check, as `column deliverables.review_status`, and its result: `ok` or what differs. */
export interface Check {
  readonly check: string
  readonly result: string
  readonly ok: boolean
}

/**
 * Compares tables, columns, types, defaults, indexes, constraints, comments, sequences, functions, triggers, the runtime
 * role's rights (unless it is the owner, who has all) and the ledger. Changes nothing.
 */
export const verify = Effect.fn("Migrator.verify")(
  (target: MigrationTarget): Effect.Effect<ReadonlyArray<Check>, MigrationError> =>
    onDatabase(target, (sql, plan) =>
      Effect.gen(function* () {
        const { service } = target
        if (plan.verify === undefined) {
          return yield* new MigrationError({ service, reason: "plan", detail: "verify.sql is missing" })
        }
        const script = plan.verify
        const { scripts, user } = yield* lookAt(target, sql)
        const names = scripts.map(({ name }) => name)
        const role = target.runtimeRole === user ? "" : target.runtimeRole ?? ""
        yield* sql`select set_config('stint.runtime_role', ${role}, false)`
        const checks = yield* SqlSchema.findAll({
          Request: Schema.Void,
          Result: Line,
          execute: () => sql.unsafe(script),
        })(undefined).pipe(Effect.catchTag("SchemaError", Effect.die))
        const known = plan.up.map(({ name }) => name)
        const ledger = [...new Set([...known, ...names])].map((name) => ({
          check: `script ${name}`,
          result: !names.includes(name)
            ? "missing: it was not applied"
            : known.includes(name)
            ? "ok"
            : "extra: this program does not know it",
        }))
        return [...ledger, ...checks].map(({ check, result }) => ({ check, result, ok: /^ok\b/.test(result) }))
      })),
)
