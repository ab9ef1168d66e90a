import { Schema } from "effect"

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
