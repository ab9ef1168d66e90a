/** Turns schema issues into faults that a person can act on: a JSONPath and a sentence each. */
import { Result, Schema, SchemaAST, SchemaIssue } from "effect"
import { jsonPath } from "./JsonPath.ts"
import type { FieldIssue } from "./Problem.ts"
import { clipped } from "./Text.ts"

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

/** The literal that a field of an object has to be; undefined where it may be several values, or the object has no such field. */
const literalAt = (of: SchemaAST.AST, name: PropertyKey): string | undefined => {
  const type = SchemaAST.isObjects(of) ? of.propertySignatures.find((field) => field.name === name)?.type : undefined
  return type !== undefined && SchemaAST.isLiteral(type) && typeof type.literal === "string" ? type.literal : undefined
}

/** What a value is that is of no kind of a union of objects which a field tells apart; undefined where the union is no such one. */
const ofNoKind = (issue: SchemaIssue.Issue): string | undefined => {
  if (issue._tag !== "AnyOf" || issue.issues.length > 0) return undefined
  const { types } = issue.ast
  const [first] = types
  if (first === undefined || !SchemaAST.isObjects(first)) return undefined
  for (const { name } of first.propertySignatures) {
    const kinds = types.flatMap((type) => literalAt(type, name) ?? [])
    if (kinds.length === types.length) return `must be an object whose ${String(name)} is one of: ${kinds.join(", ")}`
  }
  return undefined
}

type Path = ReadonlyArray<PropertyKey>

/** The faults of an issue that stands for one value. */
const leafIssues = (issue: SchemaIssue.Issue, above: Path, root: string): Array<FieldIssue> => {
  const kinds = ofNoKind(issue)
  if (kinds !== undefined) return [{ path: jsonPath([...above], root), message: kinds }]
  return format(issue).issues.map(({ message, path }) => ({
    path: jsonPath([...above, ...(path ?? []).map((part) => typeof part === "object" ? part.key : part)], root),
    message: sentence(message),
  }))
}

/** Faults, of which at most so many are named; `omitted` counts the others. */
export interface Named {
  readonly issues: Array<FieldIssue>
  readonly omitted: number
}

/**
 * The first `most` faults of a schema issue, in the parser's order: a body may have more faults than can be written out in
 * reasonable time. `root` is the JSONPath of the decoded value. A message never holds a value, so no secret leaks through one.
 */
export const firstIssues = (issue: SchemaIssue.Issue, root: string, most: number): Named => {
  const issues: Array<FieldIssue> = []
  let omitted = 0
  const visit = (at: SchemaIssue.Issue, path: Path): void => {
    switch (at._tag) {
      case "Pointer":
        return visit(at.issue, issues.length < most ? [...path, ...at.path] : path)
      case "Encoding":
        return visit(at.issue, path)
      case "Composite":
        return at.issues.forEach((one) => visit(one, path))
      default:
        if (issues.length < most) issues.push(...leafIssues(at, path, root))
        else omitted++
    }
  }
  visit(issue, [])
  return { issues: issues.slice(0, most), omitted: omitted + Math.max(issues.length - most, 0) }
}

/** Every fault of a schema issue, as `firstIssues` names them. For values whose size is bounded. */
export const fieldIssues = (issue: SchemaIssue.Issue, root = "$"): Array<FieldIssue> =>
  firstIssues(issue, root, Infinity).issues

/** The faults as an answer names them: at most `faults` of them, each path and message of at most `fault_chars` characters. */
export const namedFaults = (
  all: ReadonlyArray<FieldIssue>,
  bounds: { readonly faults: number; readonly fault_chars: number },
): Named => ({
  issues: all.slice(0, bounds.faults).map(({ message, path }) => ({
    path: clipped(path, bounds.fault_chars),
    message: clipped(message, bounds.fault_chars),
  })),
  omitted: Math.max(all.length - bounds.faults, 0),
})

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
