/** Tables that fit the terminal: columns shrink to what they need at least, then the last ones are left out. */
import { printable } from "@stint/edge/Printable"
import type { Io } from "../Io.ts"
import { cut, widthOf } from "./Width.ts"

/** A column of a table of `A`. */
export interface Column<A> {
  readonly head: string
  /** What stands in it; null and undefined are a dash. */
  readonly of: (row: A) => string | number | null | undefined
  /** The least width to which it may be cut; never cut unless given. */
  readonly least?: number
  readonly isRight?: boolean
}

/** Between two columns. */
const GAP = 2

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

/** Colours of the words that say how something stands. */
const tones: Readonly<Record<string, keyof typeof codes>> = {
  active: "green",
  approved: "green",
  completed: "green",
  delivered: "green",
  executed: "green",
  healthy: "green",
  ok: "green",
  resolved: "green",
  running: "cyan",
  on: "green",
  canceled: "red",
  dead_lettered: "red",
  down: "red",
  failed: "red",
  rejected: "red",
  refused: "red",
  degraded: "yellow",
  expired: "yellow",
  off: "yellow",
  open: "yellow",
  past_due: "yellow",
  paused: "yellow",
  pending_review: "yellow",
  retrying: "yellow",
  warning: "yellow",
  waiting: "yellow",
}

/** The text in a colour, where there are any. It has to be printable. */
export const paint = ({ isColoured }: Io, colour: keyof typeof codes, text: string): string =>
  isColoured ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text

/** The text in the colour of the state that it names; it has to be printable. */
export const toned = (io: Io, text: string): string => {
  const tone = Object.hasOwn(tones, text.trim()) ? tones[text.trim()] : undefined
  return tone === undefined ? text : paint(io, tone, text)
}

/** The widths of the columns that fit; fewer than there are columns where not all do. */
export const fit = (
  natural: ReadonlyArray<number>,
  least: ReadonlyArray<number | undefined>,
  room: number,
): ReadonlyArray<number> => {
  const widths = [...natural]
  const total = () => widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1)
  while (total() > room) {
    const shrinkable = widths.map((width, nth) => width > (least[nth] ?? width) ? width : -1)
    const widest = shrinkable.indexOf(Math.max(...shrinkable))
    if (shrinkable[widest]! > 0) widths[widest]!--
    else if (widths.length > 1) {
      widths.pop()
      // What the others gave up may not have been needed
      for (let nth = 0; nth < widths.length; nth++) widths[nth] = natural[nth]!
    } else return [room]
  }
  return widths
}

/** Prints a table; its head stands on a terminal alone, so that what reads it reads rows. */
export const table = <A>(io: Io, columns: ReadonlyArray<Column<A>>, rows: ReadonlyArray<A>): void => {
  const cells = rows.map((row) => columns.map(({ of }) => printable(String(of(row) ?? "-"))))
  const heads = columns.map(({ head }) => head.toUpperCase())
  const shown = io.isTerminal.out ? [heads, ...cells] : cells
  const natural = columns.map((_, nth) => Math.max(1, ...shown.map((row) => widthOf(row[nth]!))))
  const widths = fit(natural, columns.map(({ least }) => least), io.columns ?? Number.POSITIVE_INFINITY)
  const line = (row: ReadonlyArray<string>, dress: (cell: string) => string) =>
    widths.map((width, nth) => {
      const cell = cut(row[nth]!, width)
      const blanks = " ".repeat(width - widthOf(cell))
      const isLast = nth === widths.length - 1
      return columns[nth]!.isRight ? blanks + dress(cell) : dress(cell) + (isLast ? "" : blanks)
    }).join(" ".repeat(GAP))
  if (io.isTerminal.out && rows.length > 0) io.painted(line(heads, (cell) => paint(io, "bold", cell)))
  for (const row of cells) io.painted(line(row, (cell) => toned(io, cell)))
}
