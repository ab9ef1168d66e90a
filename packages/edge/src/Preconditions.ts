/**
 * Entity tags and the conditions on them (RFC 9110 8.8.3 and 13.1): a write is made only to what the caller has seen, and
 * what it has seen is not sent again. A rule judges the condition with the row that it has locked.
 */
import { InvalidRequest, PreconditionFailed } from "@stint/domain/Problem"
import { Context, DateTime, Effect, Result } from "effect"
import { Facts } from "./RequestContext.ts"

/** "*", or the tags that were listed, quotes and W/ included. */
type Tags = "*" | ReadonlyArray<string>

/** The conditions of a request; absent: none. */
export interface Conditions {
  readonly ifMatch?: Tags
  readonly ifNoneMatch?: Tags
  /** The header that is neither "*" nor a list of entity tags. */
  readonly malformed?: string
}

/** The conditions of the request that is being handled; none outside a request. */
export const Conditions = Context.Reference<Conditions>("stint/Conditions", { defaultValue: () => ({}) })

const tag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g

const tagsOf = (text: string): Tags | undefined => {
  if (text.trim() === "*") return "*"
  const tags = text.match(tag)
  return tags === null || /[^ \t,]/.test(text.replace(tag, "")) ? undefined : [...tags]
}

/** The conditions that a request's headers state. */
export const conditionsOf = (headers: Headers): Conditions => {
  const [match, noneMatch] = [headers.get("if-match"), headers.get("if-none-match")]
  if (match === null && noneMatch === null) return {}
  const ifMatch = match === null ? undefined : tagsOf(match)
  const ifNoneMatch = noneMatch === null ? undefined : tagsOf(noneMatch)
  if (match !== null && ifMatch === undefined) return { malformed: "if-match" }
  if (noneMatch !== null && ifNoneMatch === undefined) return { malformed: "if-none-match" }
  return { ...(ifMatch === undefined ? {} : { ifMatch }), ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }) }
}

/** The strong tag of a row: its version, and when it was written, so that a restored version is another. */
export const etagOf = (version: bigint | number, updated_at: DateTime.Utc, more = ""): string =>
  `"${version}.${DateTime.toEpochMillis(updated_at).toString(36)}${more}"`

const opaque = (text: string) => text.replace(/^W\//, "")

/** Whether the tags have this one: a weak one never matches strongly. */
const has = (tags: Tags, current: string | undefined, how: "strong" | "weak"): boolean =>
  current !== undefined &&
  (tags === "*" || tags.some((one) => how === "strong" ? one === current : opaque(one) === current))

/** Whether what is there, by its tag, is as the conditions say; undefined: nothing is there. */
const holds = ({ ifMatch, ifNoneMatch, malformed }: Conditions, current: string | undefined): boolean =>
  malformed === undefined &&
  (ifMatch === undefined || has(ifMatch, current, "strong")) &&
  (ifNoneMatch === undefined || !has(ifNoneMatch, current, "weak"))

/** Fails when a write must not be made to what is there, by its tag; undefined: nothing is there yet. */
export const met = (
  conditions: Conditions,
  current: string | undefined,
): Result.Result<void, PreconditionFailed> => {
  if (holds(conditions, current)) return Result.void
  if (conditions.malformed !== undefined) {
    const detail = `${conditions.malformed} must be "*" or a list of entity tags, in quotes`
    return Result.fail(new PreconditionFailed({ detail }))
  }
  const detail = current === undefined ? "It does not exist" : `Its ETag is ${current}: get it, and decide again`
  return Result.fail(new PreconditionFailed({ detail }))
}

/** A decision that holds only if the conditions do; they are judged last, by the row that the decision was made on. */
export const whenMet = <A, E>(
  conditions: Conditions,
  current: string | undefined,
  decision: Result.Result<A, E>,
): Result.Result<A, E | PreconditionFailed> =>
  Result.flatMap(
    decision,
    (made): Result.Result<A, PreconditionFailed> => Result.map(met(conditions, current), () => made),
  )

/** For a write to what has no tag: a list of tags holds for nothing, "*" for whatever there is. */
export const metWithoutTag = Effect.gen(function* () {
  const { ifMatch, malformed } = yield* Conditions
  if (malformed !== undefined) {
    const message = 'must be "*" or a list of entity tags, in quotes'
    return yield* new InvalidRequest({
      detail: `${malformed} ${message}`,
      errors: [{ path: `header["${malformed}"]`, message }],
    })
  }
  if (ifMatch !== undefined && ifMatch !== "*") {
    return yield* new PreconditionFailed({ detail: "Nothing here has an ETag: send it without If-Match" })
  }
})

/** Says which tag the answer has, if it is a 2xx. */
export const tagged = (etag: string): Effect.Effect<void> =>
  Effect.map(Facts, (facts) => {
    if (facts !== undefined) facts.etag = etag
  })

/** The status of a read instead of 200: 304 when the caller has it already, 412 when it is not what it asked for. */
export const readStatus = (conditions: Conditions, current: string): 304 | 412 | undefined => {
  const { ifMatch, ifNoneMatch } = conditions
  if (ifMatch !== undefined && !has(ifMatch, current, "strong")) return 412
  return ifNoneMatch !== undefined && has(ifNoneMatch, current, "weak") ? 304 : undefined
}
