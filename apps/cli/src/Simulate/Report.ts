/** A simulation's answer for people. */
import type { Simulated } from "@stint/domain/scheduler/Simulation"

/** The answer as it stands on the wire. */
export type Answer = typeof Simulated.Encoded
type Load = Pick<Answer, "runs" | "skipped" | "busiest" | "lateness_ms" | "peak_per_minute" | "peak_queue">

const WIDEST = 40

const number = (value: number): string => value.toLocaleString("en-US")
const late = (ms: number): string => ms < 10_000 ? `${number(ms)} ms` : `${number(Math.round(ms / 1_000))} s`
const minute = (instant: string): string => instant.slice(0, 16).replace("T", " ")

const rows: ReadonlyArray<readonly [label: string, of: (load: Load) => string]> = [
  ["runs", ({ runs }) => number(runs)],
  ["skipped by overlap", ({ skipped }) => number(skipped)],
  ["most in a minute", ({ peak_per_minute }) => number(peak_per_minute)],
  ["most waiting at once", ({ peak_queue }) => number(peak_queue)],
  ...(["p50", "p95", "p99", "max"] as const).map((share) =>
    [`late, ${share}`, ({ lateness_ms }: Load) => lateness_ms === null ? "-" : late(lateness_ms[share])] as const
  ),
]

const table = (columns: ReadonlyArray<readonly [title: string, load: Load]>): ReadonlyArray<string> => {
  const line = (label: string, cells: ReadonlyArray<string>) =>
    `  ${label.padEnd(22)}${cells.map((cell) => cell.padStart(16)).join("")}`
  return [
    line("", columns.map(([title]) => title)),
    ...rows.map(([label, of]) => line(label, columns.map(([, load]) => of(load)))),
  ]
}

const chart = (title: string, { busiest }: Load, most: number): ReadonlyArray<string> =>
  busiest.length === 0 ? [] : [
    "",
    `The busiest minutes ${title} (UTC)`,
    ...busiest.map(({ minute: at, runs }) =>
      `  ${minute(at)}  ${number(runs).padStart(9)}  ${"#".repeat(Math.max(1, Math.round(runs / most * WIDEST)))}`
    ),
  ]

/** The lines to print: what was simulated, the figures side by side, the peaks on one scale. */
export const reportOf = (answer: Answer): ReadonlyArray<string> => {
  const { capacity, distinct_rules, from, goals, hires, slots, source, to, with_spread } = answer
  const spread = with_spread === undefined ? undefined : `at a spread of ${number(with_spread.spread_seconds)} s`
  return [
    `${number(hires)} hires${source === "stored" ? " that there are" : ""}, ${number(goals)} goals, ${
      number(slots)
    } slots from ${minute(from)} to ${minute(to)} UTC; ${number(distinct_rules)} rules evaluated`,
    `${number(capacity.runs_at_once)} runs at once, ${number(capacity.run_ms)} ms each, at most ${
      number(capacity.runs_per_second)
    } begun a second`,
    "",
    ...table([
      ["as it is", answer],
      ...(with_spread === undefined ? [] : [[`spread ${number(with_spread.spread_seconds)} s`, with_spread] as const]),
    ]),
    ...chart("as it is", answer, answer.peak_per_minute),
    ...(with_spread === undefined ? [] : chart(spread!, with_spread, answer.peak_per_minute)),
  ]
}
