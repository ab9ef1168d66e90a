/** What an SqlError of the Postgres client holds. */
import type { SqlError } from "effect/sql"

/** The error message of Postgres or of the connection, with detail and hint. It never holds a password. */
export const postgresWords = (error: SqlError.SqlError): string => {
  const { code, detail, errors = [], hint, message } = fieldsOf(error)
  // A name with several addresses fails with an error for each, and without a message of its own
  const own = [message, ...errors.map((each) => each.message), code].find((text) => text !== undefined && text !== "")
  return [own ?? error.message, detail, hint].filter((part) => part !== undefined).join("; ")
}

/** The SQLSTATE of an error that Postgres sent; undefined for an error of the connection. */
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
