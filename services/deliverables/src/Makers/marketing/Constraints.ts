/**
 * What the config's `constraints` bind posts to. The field is an object without fields in 1.0.0, so its keys are read in any
 * of their usual forms, and what is not understood binds nothing:
 *
 * - `never_mention`: texts that stand nowhere in a post, in any case, nor as a hashtag;
 * - `max_length`, `min_length`: of a post, in code points. The hashtags count for the longest, the text alone for the shortest;
 * - `hashtags`: `required` and `forbidden` ones, and `max`, how many a post has at most.
 */
import type { JsonObject } from "@stint/domain/Protocol"
import { objectAt, textsAt } from "../Values.ts"

/** Constraints, as they are checked. */
export interface Constraints {
  /** Plain (`plain`); each of them not blank. */
  readonly never: ReadonlyArray<string>
  /** The same as hashtags would have them. */
  readonly neverTags: ReadonlyArray<string>
  /** Whether sentences hold none of them: a hire's posts are made of the same ones each day. */
  readonly allowed: Map<string, boolean>
  readonly least: number
  readonly most: number
  readonly tags: {
    readonly required: ReadonlyArray<string>
    readonly forbidden: ReadonlySet<string>
    readonly most: number
  }
  /** Names them: equal ones have equal keys. */
  readonly key: string
}

/** Text as it is compared: without differences of case, of composed characters and of white space. */
export const plain = (text: string): string => text.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim()

/** Letters and digits alone, as a hashtag has them. */
export const squeezed = (text: string): string => plain(text).replace(/[^\p{L}\p{M}\p{N}]+/gu, "")

/** Whether the text holds one of these. */
export const mentions = (text: string, never: ReadonlyArray<string>): boolean => {
  if (never.length === 0) return false
  const read = plain(text)
  return never.some((one) => read.includes(one))
}

/** How many sentences are remembered for a hire. */
const REMEMBERED = 500

/** Whether a sentence may be said. */
export const allows = ({ allowed, never }: Constraints, text: string): boolean => {
  if (never.length === 0) return true
  const known = allowed.get(text)
  if (known !== undefined) return known
  if (allowed.size >= REMEMBERED) allowed.clear()
  const allow = !mentions(text, never)
  allowed.set(text, allow)
  return allow
}

const listAt = (record: JsonObject, key: string): Array<string> => {
  const value = Object.hasOwn(record, key) ? record[key] : undefined
  return typeof value === "string" && value.trim() !== "" ? [value] : textsAt(record, key)
}

const numberAt = (record: JsonObject, key: string): number | undefined => {
  const value = Object.hasOwn(record, key) ? record[key] : undefined
  if (typeof value !== "number" && (typeof value !== "string" || value.trim() === "")) return undefined
  const number = Number(value)
  return Number.isFinite(number) && number >= 0 ? number : undefined
}

const keys = ["never_mention", "max_length", "min_length", "hashtags"]

const read = (given: JsonObject): Constraints | undefined => {
  if (!keys.some((key) => Object.hasOwn(given, key))) return undefined
  const hashtags = objectAt(given, "hashtags")
  const never = listAt(given, "never_mention").map(plain).filter((one) => one !== "")
  return {
    never,
    neverTags: never.map(squeezed).filter((one) => one !== ""),
    allowed: new Map(),
    least: Math.ceil(numberAt(given, "min_length") ?? 0),
    most: Math.floor(numberAt(given, "max_length") ?? Infinity),
    tags: {
      required: listAt(hashtags, "required"),
      forbidden: new Set(listAt(hashtags, "forbidden").map(squeezed)),
      most: Math.floor(numberAt(hashtags, "max") ?? Infinity),
    },
    key: JSON.stringify(keys.map((key) => Object.hasOwn(given, key) ? given[key] : null)),
  }
}

/** A config whose posts mention none of these texts either. */
export const withNever = (config: JsonObject, more: ReadonlyArray<string>): JsonObject => {
  if (more.length === 0) return config
  const given = objectAt(config, "constraints")
  return { ...config, constraints: { ...given, never_mention: [...listAt(given, "never_mention"), ...more] } }
}

/** Constraints by the object that they were read from: a hire's config is kept as long as it is used. */
const known = new WeakMap<JsonObject, { readonly constraints: Constraints | undefined }>()

/** The constraints of a config; undefined when it has none that bind. */
export const constraintsOf = (config: JsonObject): Constraints | undefined => {
  if (!Object.hasOwn(config, "constraints")) return undefined
  const given = objectAt(config, "constraints")
  const before = known.get(given)
  if (before !== undefined) return before.constraints
  const constraints = read(given)
  known.set(given, { constraints })
  return constraints
}
