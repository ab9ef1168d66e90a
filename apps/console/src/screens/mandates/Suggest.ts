/** Rules that a draft's own values suggest, and rules as a person writes them. */
import { hostsOf } from "@stint/domain/deliverables/Mandates/Links"
import { placeText } from "@stint/domain/deliverables/Mandates/Paths"
import type { Rule } from "@stint/domain/deliverables/Mandates/Rules"

/** A rule in the form: its value as text, a list with an item a line. */
export interface Written {
  /** Tells rows apart. */
  readonly id: number
  readonly path: string
  readonly op: Rule["op"]
  readonly value: string
  /** Whether it is part of the mandate. */
  readonly on: boolean
}

/** What says nothing of what a draft does, or is its goal's own. */
const skipped = new Set(["draft_only", "goal_instance_id", "goal_template_id", "validation_errors", "checks"])

/** Texts up to this many characters are compared whole, longer ones by their length. */
const SHORT = 60

/** A length that leaves some room, as a round number. */
const roomy = (length: number): number => Math.ceil(length * 1.25 / 50) * 50

const row = (path: string, op: Rule["op"], value: ReadonlyArray<unknown>, on: boolean): Omit<Written, "id"> => ({
  path,
  op,
  value: value.map(String).join("\n"),
  on,
})

/** What texts suggest: their length, and the hosts that they link to. */
const ofTexts = (path: string, texts: ReadonlyArray<string>): ReadonlyArray<Omit<Written, "id">> => {
  const hosts = new Set(texts.flatMap((text) => [...hostsOf(text)]).filter((host) => typeof host === "string"))
  return [
    row(path, "max_length", [roomy(Math.max(...texts.map((text) => [...text].length)))], true),
    ...(hosts.size === 0 ? [] : [row(path, "hosts_in", [...hosts], true)]),
    row(path, "contains_none", [], false),
  ]
}

/** What the values at one path suggest: one value, or those of every item of a list. */
const ofValues = (path: string, values: ReadonlyArray<unknown>, many: boolean): ReadonlyArray<Omit<Written, "id">> => {
  if (values.every((value) => typeof value === "number")) return [row(path, "lte", [Math.max(...values)], true)]
  if (values.every((value) => typeof value === "boolean")) return [row(path, "eq", values.slice(0, 1), false)]
  if (!values.every((value) => typeof value === "string")) return []
  if (values.some((value) => value.length > SHORT)) return ofTexts(path, values)
  const distinct = [...new Set(values)]
  // what is said in a few words often differs from draft to draft: it is offered, its kind alone is taken
  return [many ? row(path, "in", distinct, true) : row(path, "eq", distinct, path === "type")]
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const ofObject = (value: Record<string, unknown>, at: ReadonlyArray<string>): ReadonlyArray<Omit<Written, "id">> =>
  Object.entries(value).flatMap(([key, item]) => {
    if (at.length === 0 && skipped.has(key)) return []
    const path = placeText([...at, key])
    if (isObject(item)) return at.length < 3 ? ofObject(item, [...at, key]) : []
    if (!Array.isArray(item)) return ofValues(path, [item], false)
    if (item.length === 0 || !item.every(isObject)) return []
    const keys = Object.keys(item[0]!).filter((one) => item.every((other) => Object.hasOwn(other, one)))
    return [
      row(path, "max_length", [item.length], true),
      ...keys.flatMap((one) =>
        ofValues(
          `${path}[*]${placeText([one]).startsWith("[") ? "" : "."}${placeText([one])}`,
          item.map((other) => other[one]),
          true,
        )
      ),
    ]
  })

/** The rules that a draft suggests; those that are `on` all hold for it. */
export const suggested = (payload: object): ReadonlyArray<Written> =>
  ofObject(payload as Record<string, unknown>, []).slice(0, 50).map((one, id) => ({ id, ...one }))

const scalar = (text: string): string | number | boolean => {
  if (text === "true" || text === "false") return text === "true"
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  // in quotes a number is a text
  return /^".*"$/s.test(text) ? text.slice(1, -1) : text
}

const linesOf = (text: string): ReadonlyArray<string> => text.split("\n").map((line) => line.trim()).filter(Boolean)

/** A rule as it is sent. What is wrong with it the service says, at its path. */
export const ruleOf = ({ op, path, value }: Written): unknown => {
  if (op === "eq") return { path, op, value: scalar(value.trim()) }
  if (op === "in") return { path, op, value: linesOf(value).map(scalar) }
  if (op === "contains_none" || op === "hosts_in") return { path, op, value: linesOf(value) }
  const number = Number(value)
  return { path, op, value: value.trim() === "" || Number.isNaN(number) ? null : number }
}
