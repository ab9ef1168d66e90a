/** A document of a person, held to the contract before it is sent. */
import { issuesUnder } from "@stint/domain/FieldIssues"
import { Schema } from "effect"
import { UsageError } from "../Command.ts"
import { jsonIn } from "./Files.ts"
import type { Session } from "./Session.ts"

/** What a file of JSON holds, - for standard input; `what` names it. Fails with a UsageError that names its faults. */
export const documentIn = async <S extends Schema.ConstraintDecoder<unknown>>(
  session: Session,
  path: string,
  schema: S,
  what: string,
): Promise<S["Type"]> => {
  const body = await jsonIn(session, path)
  const issues = issuesUnder(schema)(body)
  if (issues.length === 0) return Schema.decodeUnknownSync(schema)(body)
  const faults = issues.map(({ message, path }) => `${path} ${message}`)
  const more = faults.length > 5 ? `; and ${faults.length - 5} more` : ""
  throw new UsageError(`${path} is no ${what}: ${faults.slice(0, 5).join("; ")}${more}.`)
}
