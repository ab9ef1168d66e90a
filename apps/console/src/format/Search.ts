/** The search of a URL: what is a filled text stays, all else is left out. */
import { Schema } from "effect"
import { Instant } from "@stint/domain/Protocol"

/** A filled text, as a value of a URL's search. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== ""
    ? value.trim()
    // the router reads what looks like a number as one
    : typeof value === "number"
    ? String(value)
    : undefined

const decodeInstant = Schema.decodeUnknownOption(Instant)

/** An instant in UTC (RFC 3339), as a value of a URL's search. */
export const instantOf = (value: unknown): string | undefined => {
  const text = textOf(value)
  return text !== undefined && decodeInstant(text)._tag === "Some" ? text : undefined
}

/** A whole number from 1 on, as a value of a URL's search. */
export const wholeOf = (value: unknown): number | undefined => {
  const number = typeof value === "number" ? value : Number(textOf(value))
  return Number.isInteger(number) && number >= 1 ? number : undefined
}

/** One of some texts, as a value of a URL's search. */
export const oneOf = <A extends string>(values: ReadonlyArray<A>, value: unknown): A | undefined =>
  values.find((one) => one === value)

/** An object without what is undefined. */
export const defined = <A extends Record<string, unknown>>(
  values: A,
): { [K in keyof A]?: Exclude<A[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof A]?: Exclude<A[K], undefined>
  }
