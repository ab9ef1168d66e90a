import { Schema } from "effect"

/**
 * The database was not migrated, and nothing was changed: the transaction was rolled back.
 *
 * - `unreachable`: no connection, or it was refused or broke; if it broke at the commit, the next try shows the outcome;
 * - `locked`: another migrator held the lock for too long, or, where `script` is named, statements what the script changes;
 * - `script`: a script failed; `script` names it;
 * - `newer`: a newer program applied a script that this one does not know and may not run on, or can't migrate beside;
 * - `plan`: the scripts themselves, or the schema that the url leads to, are wrong.
 */
export class MigrationError extends Schema.TaggedError<MigrationError>("edge/MigrationError")("MigrationError", {
  service: Schema.String,
  reason: Schema.Literals(["unreachable", "locked", "script", "newer", "plan"]),
  script: Schema.optionalKey(Schema.String),
  detail: Schema.String,
  /** The SQLSTATE of Postgres, where it refused the connection or broke it off. */
  sqlState: Schema.optional(Schema.String),
}) {
  override get message(): string {
    const where = this.script === undefined ? this.service : `${this.service}, ${this.script}`
    return `${where}: ${this.detail}`
  }
}
