/** Rules over a draft's payload, of which a mandate's draft satisfies every one (domain.md, "Mandates"). */
import { Schema } from "effect"
import { text } from "../../Protocol.ts"
import { hostPattern, hostsOf, isOneOf, UNREADABLE } from "./Links.ts"
import { parsePath, PATH_CHARS, placesOf, placeText } from "./Paths.ts"
import { folded, formsOf, holds } from "./Words.ts"

/** The most rules of a mandate, and the most items of a rule's list. */
export const MOST_RULES = 50
const MOST_ITEMS = 200

/** Where a rule looks. */
export const RulePath = text(PATH_CHARS).annotate({
  description: "Where it looks in the payload: keys and indices; [*] stands for every item of a list",
  examples: ["variants[*].text", "fields.unit_price"],
}).check(
  Schema.makeFilter((path: string) =>
    parsePath(path) !== undefined || "must be a path such as variants[*].text, of at most 20 steps"
  ),
)

const Scalar = Schema.Union([text(2_000), Schema.Finite, Schema.Boolean])
const list = <S extends Schema.Top>(item: S) => Schema.Array(item).check(Schema.isBetweenLength(1, MOST_ITEMS))

const Word = text(200).check(
  Schema.makeFilter((word: string) => folded(word) !== "" || "must be a word or phrase that is seen"),
)
const HostPattern = text(255).annotate({
  description: "A host, or *. before it for every host below it; any port",
  examples: ["example.com", "*.example.com"],
}).check(
  Schema.makeFilter((host: string) =>
    hostPattern(host) !== undefined || "must be a host such as example.com or *.example.com"
  ),
)

const rule = <const Op extends string, S extends Schema.Top>(op: Op, value: S, description: string) =>
  Schema.Struct({ path: RulePath, op: Schema.Literal(op).annotate({ description }), value })

/**
 * A rule. Each is satisfied by what its path finds, all of it, and by nothing else: a path that finds nothing, or a value of
 * another type, does not satisfy.
 */
export const Rule = Schema.Union([
  rule("eq", Scalar, "The value is this one"),
  rule("in", list(Scalar), "The value is one of these"),
  rule("lte", Schema.Finite, "A number that is at most this"),
  rule("gte", Schema.Finite, "A number that is at least this"),
  rule(
    "max_length",
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })),
    "A text of at most so many characters, or a list of at most so many items",
  ),
  rule("contains_none", list(Word), "A text, or a list of texts, with none of these words, whatever their case"),
  rule("hosts_in", list(HostPattern), "A text, or a list of texts, whose links lead to these hosts alone"),
]).annotate({ identifier: "MandateRule" })
export type Rule = typeof Rule.Type

/** The names of the operations, in the order in which they are shown. */
export const operations = ["eq", "in", "lte", "gte", "max_length", "contains_none", "hosts_in"] as const

/** A list of rules, within its bounds. */
export const Rules = Schema.Array(Rule).check(Schema.isBetweenLength(1, MOST_RULES))

/** The texts of a text or of a list of texts; undefined when it is neither. */
const textsOf = (value: unknown): ReadonlyArray<string> | undefined =>
  typeof value === "string"
    ? [value]
    : Array.isArray(value) && value.every((item) => typeof item === "string")
    ? value
    : undefined

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value)

const lengthOf = (value: unknown): number =>
  typeof value === "string" ? [...value].length : Array.isArray(value) ? value.length : Infinity

/** What is found once of each text, whichever rules ask for it. */
const remembering = <A>(of: (text: string) => A): (text: string) => A => {
  const known = new Map<string, A>()
  return (text) => {
    if (!known.has(text)) known.set(text, of(text))
    return known.get(text)!
  }
}

/** Judges the values of one payload. */
const makeJudge = () => {
  const formsOfText = remembering(formsOf)
  const hostsOfText = remembering(hostsOf)
  const everyText = (value: unknown, isFine: (text: string) => boolean): boolean =>
    textsOf(value)?.every(isFine) ?? false
  const satisfies = (rule: Rule, value: unknown): boolean => {
    switch (rule.op) {
      case "eq":
        return value === rule.value
      case "in":
        return rule.value.some((one) => one === value)
      case "lte":
        return isNumber(value) && value <= rule.value
      case "gte":
        return isNumber(value) && value >= rule.value
      case "max_length":
        return lengthOf(value) <= rule.value
      case "contains_none": {
        const words = rule.value.map(formsOf)
        return everyText(value, (text) => !words.some((word) => holds(formsOfText(text), word)))
      }
      case "hosts_in": {
        const patterns = rule.value.flatMap((given) => hostPattern(given) ?? [])
        return everyText(
          value,
          (text) => [...hostsOfText(text)].every((host) => host !== UNREADABLE && isOneOf(host, patterns)),
        )
      }
    }
  }
  return satisfies
}

/** The first rule that a payload does not satisfy, by its index, and the place where. */
export interface Stopped {
  readonly rule: number
  readonly path: string
}

/** What stops a payload; undefined when it satisfies every rule. A rule that can't be read is satisfied by nothing. */
export const stoppedBy = (rules: ReadonlyArray<Rule>, payload: unknown): Stopped | undefined => {
  const satisfies = makeJudge()
  for (const [index, rule] of rules.entries()) {
    const steps = parsePath(rule.path)
    if (steps === undefined) return { rule: index, path: rule.path }
    for (const { found, path, value } of placesOf(payload, steps)) {
      if (!found || !satisfies(rule, value)) return { rule: index, path: placeText(path) }
    }
  }
  return undefined
}
