/** Turns what a Schema says of a value into faults a person can act on: a JSONPath and a sentence each. */
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

/** The parser's own sentences in the house's words; messages that a schema brings along pass unchanged. */
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
  // the name of a schema of ours says nothing to its user: those that have one are objects
  return `must be ${words[expected] ?? (/^[A-Z]\w+$/.test(expected) ? "an object" : expected)}`
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/**
 * Every fault in a schema issue, in the order in which the parser found them. `root` is the JSONPath of the value that
 * was decoded. Values are never repeated, so a secret cannot leak through a message.
 */
export const fieldIssues = (issue: SchemaIssue.Issue, root = "$"): Array<FieldIssue> =>
  format(issue).issues.map(({ message, path }) => ({
    path: jsonPath((path ?? []).map((part) => typeof part === "object" ? part.key : part), root),
    message: sentence(message),
  }))

const all = { errors: "all", onExcessProperty: "error" } as const

/** What is wrong with `value` under `schema`: every fault, unknown keys included; empty when nothing is. */
export const issuesUnder = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S,
): (value: unknown, root?: string) => Array<FieldIssue> => {
  const decode = Schema.decodeUnknownResult(schema, all)
  return (value, root = "$") => {
    const result = decode(value)
    return Result.isFailure(result) ? fieldIssues(result.failure.issue, root) : []
  }
}
