/** What an SqlError of the Postgres client holds, and what it says of the database. */
import { PgProtocol } from "@effect/sql-pg"
import { SqlError } from "effect/sql"
import type { Fault } from "../Absence.ts"

/** The error message of Postgres or of the connection, with detail and hint. It never holds a password. */
export const postgresWords = (error: SqlError.SqlError): string => {
  const { code, detail, errors = [], hint, message } = fieldsOf(error)
  // A name with several addresses fails with an error for each, and without a message of its own
  const own = [message, ...errors.map((each) => each.message), code].find((text) => text !== undefined && text !== "")
  return [own ?? error.message, detail, hint].filter((part) => part !== undefined).join("; ")
}

/** The SQLSTATE of an error that Postgres sent; undefined for an error of the connection. */
export const sqlState = (error: SqlError.SqlError): string | undefined => fieldsOf(error).code

/** The server did not answer in time. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer"
}

/** A session that may not write: of a standby, or of a role that is read-only for now. */
export const READ_ONLY = "25006"

/** SQLSTATEs of a database that can't do its part now, whatever is asked of it. */
const inability: ReadonlyArray<readonly [state: RegExp, words: string]> = [
  [/^25006$/, "it is read-only"],
  [/^53100$/, "its disk is full"],
  [/^53200$/, "it is out of memory"],
  [/^53300$/, "it takes no more connections"],
  [/^53/, "it is out of resources"],
  [/^57P03$/, "it is starting or recovering"],
  [/^57P0[12]$/, "it is shutting down or has crashed"],
  [/^57P/, "it ended the session"],
  [/^58030$/, "its disk fails"],
  [/^08/, "its connection broke"],
]

/**
 * Whether the driver refused an answer of the server: a row over its message limit. The database is there, and a retry gets
 * the same row.
 */
export const isUnreadable = (defect: unknown): boolean =>
  defect instanceof SqlError.SqlError && defect.reason.cause instanceof PgProtocol.ParseError

/** How an error says that the database is away; undefined when it says nothing of the kind. */
export const faultOf = (error: SqlError.SqlError): Fault | undefined => {
  if (isUnreadable(error)) return undefined
  const words = postgresWords(error)
  const state = sqlState(error) ?? ""
  const found = inability.find(([pattern]) => /^[0-9A-Z]{5}$/.test(state) && pattern.test(state))
  if (found !== undefined) return { how: "unavailable", detail: `${found[1]}: ${words}` }
  switch (error.reason._tag) {
    case "ConnectionError":
      return { how: error.reason.cause instanceof NoAnswer ? "timed_out" : "refused", detail: words }
    case "AuthenticationError":
      return { how: "unavailable", detail: `it refuses the login: ${words}` }
    default:
      return undefined
  }
}

/** Errors that say nothing of the database, and that a retry helps against. */
const transient = new Set(["DeadlockError", "SerializationError", "LockTimeoutError", "StatementTimeoutError"])

/** Whether a defect says that the database is away, restarting or busy: a retry helps, and it is no bug. */
export const isSqlUnavailable = (defect: unknown): defect is SqlError.SqlError =>
  defect instanceof SqlError.SqlError && (transient.has(defect.reason._tag) || faultOf(defect) !== undefined)

interface Fields {
  readonly message?: string
  readonly code?: string
  readonly detail?: string
  readonly hint?: string
  readonly errors?: ReadonlyArray<{ readonly message?: string }>
}

const fieldsOf = (error: SqlError.SqlError): Fields =>
  typeof error.reason.cause === "object" && error.reason.cause !== null ? error.reason.cause : {}
