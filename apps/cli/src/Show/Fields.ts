/** One thing as a person reads it: a line a field, what is inside it below and indented. */
import { printable } from "@stint/edge/Printable"
import type { Io } from "../Io.ts"
import { paint, toned } from "./Table.ts"

const isScalar = (value: unknown): boolean => value === null || typeof value !== "object"

/** A text of several lines stands below its name, each line behind a bar. */
const isBlock = (value: unknown): value is string => typeof value === "string" && value.trimEnd().includes("\n")

const isFlat = (value: unknown): boolean =>
  Array.isArray(value) ? value.every((item) => isScalar(item) && !isBlock(item)) : isScalar(value) && !isBlock(value)

const wordsOf = (value: unknown): string => {
  if (value === null || value === undefined) return "-"
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(wordsOf).join(", ")
  return printable(String(value))
}

const linesOf = (io: Io, value: unknown, indent: string): ReadonlyArray<string> => {
  if (isBlock(value)) return value.trimEnd().split("\n").map((line) => `${indent}| ${printable(line)}`)
  if (isFlat(value)) return [`${indent}${toned(io, wordsOf(value))}`]
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      const [first = "", ...rest] = linesOf(io, item, `${indent}  `)
      return [`${indent}- ${first.trimStart()}`, ...rest]
    })
  }
  const entries = Object.entries(value as object)
  if (entries.length === 0) return [`${indent}none`]
  const width = Math.max(...entries.map(([name]) => printable(name).length))
  return entries.flatMap(([name, inside]) => {
    const key = printable(name)
    if (isFlat(inside)) return [`${indent}${paint(io, "dim", key.padEnd(width))}  ${toned(io, wordsOf(inside))}`]
    const isEmpty = typeof inside === "object" && Object.keys(inside as object).length === 0
    if (isEmpty) return [`${indent}${paint(io, "dim", key.padEnd(width))}  none`]
    return [`${indent}${paint(io, "dim", key)}`, ...linesOf(io, inside, `${indent}  `)]
  })
}

/** Prints a body of the API, field by field, in the order in which it came. */
export const fields = (io: Io, body: unknown): void => linesOf(io, body, "").forEach((line) => io.painted(line))

/** Prints a body as one JSON document. */
export const document = (io: Io, body: unknown): void =>
  JSON.stringify(body, null, 2).split("\n").forEach((line) => io.out(line))

/** Prints a body as one line of JSON. */
export const documentLine = (io: Io, body: unknown): void => io.out(JSON.stringify(body))
