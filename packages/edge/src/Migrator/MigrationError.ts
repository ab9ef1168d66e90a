import { Schema } from "effect"
import type { SqlError } from "effect/sql"

/**
 * Why a database is not at the schema of this program. Nothing was changed: what had been done was rolled back.
 *
 * - `unreachable`: no connection, or it was refused or broke; whether a commit arrived shows at the next try;
 * - `locked`: another migrator, or a long statement, held the lock for too long;
 * - `script`: a script failed; `script` names it;
 * - `newer`: the ledger has a row that this program's scripts do not know;
 * - `plan`: the scripts themselves are at fault.
 */
export class MigrationError extends Schema.TaggedError<MigrationError>("edge/MigrationError")("MigrationError", {
  service: Schema.String,
  reason: Schema.Literals(["unreachable", "locked", "script", "newer", "plan"]),
  script: Schema.optionalKey(Schema.String),
  detail: Schema.String,
}) {
  override get message(): string {
    const where = this.script === undefined ? this.service : `${this.service}, ${this.script}`
    return `${where}: ${this.detail}`
  }
}

/** Postgres' own words for an error, its detail and hint included; they never hold a password. */
export const postgresWords = (error: SqlError.SqlError): string => {
  const { code, detail, errors = [], hint, message } = fieldsOf(error)
  // A name with several addresses fails with an error for each, and without a message of its own
  const own = [message, ...errors.map((each) => each.message), code].find((text) => text !== undefined && text !== "")
  return [own ?? error.message, detail, hint].filter((part) => part !== undefined).join("; ")
}

/** The SQLSTATE of an error that Postgres sent; undefined for one of the connection's own. */
export const sqlState = (error: SqlError.SqlError): string | undefined => fieldsOf(error).code

interface Fields {
  readonly message?: string
  readonly code?: string
  readonly detail?: string
  readonly hint?: string
  readonly errors?: ReadonlyArray<{ readonly message?: string }>
}

const fieldsOf = (error: SqlError.SqlError): Fields =>
  typeof error.reason.cause === "object" && error.reason.cause !== null ? error.reason.cause : {}
