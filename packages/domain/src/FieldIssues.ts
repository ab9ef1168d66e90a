/** Turns schema issues into faults that a person can act on: a JSONPath and a sentence each. */
import { Result, Schema, SchemaIssue } from "effect"
import type { FieldIssue } from "./Problem.ts"

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The path under `root` as a JSONPath: `$.config.platforms_enabled[2]`; odd keys in brackets, `$["a b"]`. */
export const jsonPath = (path: ReadonlyArray<PropertyKey>, root = "$"): string =>
  path.reduce<string>((at, key) => {
    if (typeof key === "number") return `${at}[${key}]`
    const name = String(key)
    return identifier.test(name) ? `${at}.${name}` : `${at}[${JSON.stringify(name)}]`
  }, root)

const words: Record<string, string> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
}

const literals = /^"[^|]*"(?: \| "[^|]*")+$/

/** Rewrites the parser's own messages; messages that a schema sets are not changed. */
const sentence = (message: string): string => {
  if (message === "Missing key") return "is required"
  if (message === "Expected no excess property") return "no such field"
  if (!message.startsWith("Expected ")) return message
  const expected = message.slice("Expected ".length)
  if (literals.test(expected)) return `must be one of: ${expected.replaceAll(" | ", ", ").replaceAll('"', "")}`
  const length = /^a value with a length of (at least|at most) (\d+)$/.exec(expected)
  if (length !== null) {
    return length[1] === "at least" && length[2] === "1"
      ? "must not be empty"
      : `must have ${length[1]} ${length[2]} characters or items`
  }
  // an identifier of one of our schemas means nothing to the caller; all that have one are objects
  return `must be ${words[expected] ?? (/^[A-Z]\w+$/.test(expected) ? "an object" : expected)}`
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/**
 * Every fault of a schema issue, in the parser's order. `root` is the JSONPath of the decoded value. A message never
 * holds a value, so no secret leaks through one.
 */
export const fieldIssues = (issue: SchemaIssue.Issue, root = "$"): Array<FieldIssue> =>
  format(issue).issues.map(({ message, path }) => ({
    path: jsonPath((path ?? []).map((part) => typeof part === "object" ? part.key : part), root),
    message: sentence(message),
  }))

const all = { errors: "all", onExcessProperty: "error" } as const

/** Every fault of `value` under `schema`, unknown keys included; empty if it is valid. */
export const issuesUnder = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S,
): (value: unknown, root?: string) => Array<FieldIssue> => {
  const decode = Schema.decodeUnknownResult(schema, all)
  return (value, root = "$") => {
    const result = decode(value)
    return Result.isFailure(result) ? fieldIssues(result.failure.issue, root) : []
  }
}
