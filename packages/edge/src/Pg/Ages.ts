/** Which sessions of a client are too old to be used. */
import type { PgConnection } from "@effect/sql-pg"
import type { SqlError } from "effect/sql"
import { READ_ONLY, sqlState } from "./SqlErrors.ts"

/** Sessions from before one of them was found to be read-only are stale. */
export class Ages {
  #now = 0
  readonly #of = new WeakMap<PgConnection.PgConnection, number>()

  /** Whether the session may be used; it is new when it was not seen before. */
  isStale(session: PgConnection.PgConnection): boolean {
    const age = this.#of.get(session)
    if (age === undefined) this.#of.set(session, this.#now)
    return age !== undefined && age < this.#now
  }

  /** To be called with each error of a session. */
  failed(session: PgConnection.PgConnection, error: SqlError.SqlError): void {
    if (sqlState(error) === READ_ONLY && this.#of.get(session) === this.#now) this.#now++
  }
}
