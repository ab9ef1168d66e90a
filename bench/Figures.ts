/** Figures, and how they are shown to people. */

/** The median; of an even number the upper one of the two in the middle. */
export const median = (values: ReadonlyArray<number>): number => percentile(values, 0.5)

/** The value that a share of all values does not exceed (nearest rank). */
export const percentile = (
  values: ReadonlyArray<number>,
  share: number,
): number => {
  if (values.length === 0) throw new Error("no values, no percentile")
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!
}

/** What is told of a distribution, in the unit of its values. */
export interface Spread {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** A distribution as figures. */
export const spreadOf = (values: ReadonlyArray<number>): Spread => ({
  p50: percentile(values, 0.5),
  p95: percentile(values, 0.95),
  p99: percentile(values, 0.99),
  max: percentile(values, 1),
})

/** The medians of rounds that measured the same names. */
export const medians = (
  rounds: ReadonlyArray<Readonly<Record<string, number>>>,
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.keys(rounds[0]!).map((name) => [
      name,
      median(rounds.map((round) => round[name]!)),
    ]),
  )

/** To so many significant digits, as a number: what a JSON line holds. */
export const rounded = (value: number, digits = 3): number => Number(value.toPrecision(digits))

/** All numbers of a value that is JSON, to so many significant digits. */
export const roundedAll = <A>(value: A): A =>
  JSON.parse(
    JSON.stringify(value),
    (_, it) => typeof it === "number" && !Number.isInteger(it) ? rounded(it) : it,
  )

/** Rows in columns, the first row the heading: the first column to the left, the others to the right. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows
    .map((row) =>
      row.map((cell, column) => column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))
        .join("  ").trimEnd()
    )
    .map((line) => `  ${line}`).join("\n")
}
