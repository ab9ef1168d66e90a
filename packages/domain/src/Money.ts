/**
 * Amounts of money: as JSON a number with at most six decimals, in the currency in which the operator's prices are; as we count, whole
 * millionths of it, so that no sum ever rounds.
 */
import { Schema } from "effect"

/** How many millionths one unit of the currency has. */
export const MILLION = 1_000_000

/** The largest amount that a person may name. */
export const LARGEST_AMOUNT = 1_000_000_000

/** The whole millionths of an amount; undefined when it has more than six decimals, is negative, not finite or too large. */
export const millionthsOf = (amount: number): number | undefined => {
  // the shortest text of a number is what somebody wrote: 0.1 is one tenth here, though no binary fraction is
  const [, whole, decimals = ""] = /^(\d+)(?:\.(\d{1,6}))?$/.exec(String(amount)) ?? []
  if (whole === undefined || amount > LARGEST_AMOUNT) return undefined
  return Number(whole) * MILLION + Number(decimals.padEnd(6, "0"))
}

/** An amount in words: `12.5`, from its millionths. */
export const amountText = (millionths: number): string => {
  const decimals = String(millionths % MILLION).padStart(6, "0").replace(/0+$/, "")
  return `${Math.floor(millionths / MILLION)}${decimals === "" ? "" : `.${decimals}`}`
}

/** An amount as people write it. */
export const Amount = Schema.Number.annotate({
  identifier: "Amount",
  message: "must be a number",
  examples: [12.5],
}).check(
  Schema.makeFilter((amount: number) =>
    millionthsOf(amount) !== undefined || `must be 0 to ${LARGEST_AMOUNT} with at most six decimals`
  ),
)
