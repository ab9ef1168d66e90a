/** A chart over time, by uPlot: stacked bars, or lines. Loaded where it is shown. */
import { type ReactNode, useEffect, useRef } from "react"
import uPlot from "uplot"
import "uplot/dist/uPlot.min.css"
import { useComputedColorScheme } from "@mantine/core"
import { ownZone, timeIn } from "../../format/Time.ts"
import styles from "./overview.module.css"

/** A series: its name, and the token of its colour. */
export interface Series {
  readonly label: string
  /** The name of a colour of tokens.css. */
  readonly colour: string
  readonly values: ReadonlyArray<number | null>
}

/** The height of a chart, in pixels, as in overview.module.css. */
const HEIGHT = 160

const stacked = (series: ReadonlyArray<Series>): ReadonlyArray<Series> => {
  const below: Array<number> = []
  return series.map((one) => ({
    ...one,
    values: one.values.map((value, index) => below[index] = (below[index] ?? 0) + (value ?? 0)),
  }))
}

/** The colours of the page as it stands: those of its theme. */
const coloursOf = (element: Element) => {
  const style = getComputedStyle(element)
  return (name: string) => style.getPropertyValue(`--${name}`).trim()
}

const asTime = (millis: number): string => timeIn(new Date(millis), ownZone, "time")

/** Half a step beside the first and the last of few values, so that neither a bar nor the words below it are cut. */
const withMargins = ({ data: [at] }: uPlot, least: number, most: number): [number, number] => {
  const half = at.length < 2 ? 1 : (most - least) / (at.length - 1) / 2
  return [least - half, most + half]
}

const optionsOf = (
  element: HTMLElement,
  series: ReadonlyArray<Series>,
  bars: boolean,
  words: (value: number) => string,
  ticks: ((millis: number) => string) | undefined,
): uPlot.Options => {
  const colour = coloursOf(element)
  const axis = { stroke: colour("dim"), font: "11px system-ui", ticks: { show: false } }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), ownZone),
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    legend: { show: false },
    axes: [
      {
        ...axis,
        size: 26,
        grid: { show: false },
        ...(ticks === undefined ? {} : { splits: ({ data: [at] }) => [...at] }),
        values: (_, seconds) => seconds.map((one) => (ticks ?? asTime)(one * 1_000)),
      },
      {
        ...axis,
        size: 58,
        grid: { stroke: colour("line"), width: 1 },
        values: (_, values) => values.map((one) => one === null ? "" : words(one)),
      },
    ],
    scales: {
      ...(ticks === undefined ? {} : { x: { range: withMargins } }),
      y: { range: (_, __, most) => [0, Math.max(bars ? 4 : 1, most * 1.1)] },
    },
    series: [
      {},
      ...series.map((one): uPlot.Series => ({
        label: one.label,
        stroke: colour(one.colour),
        width: bars ? 0 : 1.5,
        spanGaps: false,
        points: { show: !bars, size: 4, fill: colour(one.colour), stroke: colour(one.colour) },
        ...(bars ? { fill: colour(one.colour), paths: uPlot.paths.bars!({ size: [0.7, 24] }) } : {}),
      })),
    ],
  }
}

/** A chart. Its numbers are also in words beside it, so that whoever does not see it has them. */
export const Chart = ({ at, bars = false, label, series, ticks, words }: {
  readonly label: string
  /** In milliseconds since 1970. */
  readonly at: ReadonlyArray<number>
  readonly series: ReadonlyArray<Series>
  readonly bars?: boolean
  readonly words: (value: number) => string
  /** How an instant of `at` stands below its value, where they are few; else times of day stand along it. */
  readonly ticks?: (millis: number) => string
}): ReactNode => {
  const frame = useRef<HTMLDivElement>(null)
  // what it is drawn in is that of the system, too, when that changes while it is shown
  const colorScheme = useComputedColorScheme("light")
  useEffect(() => {
    const element = frame.current
    if (element === null) return
    // the tallest bar is drawn first, so that those below it stay in sight
    const drawn = bars ? [...stacked(series)].reverse() : series
    const data = [at.map((one) => one / 1_000), ...drawn.map(({ values }) => [...values])] as uPlot.AlignedData
    const plot = new uPlot(optionsOf(element, drawn, bars, words, ticks), data, element)
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      plot.destroy()
    }
  }, [at, bars, colorScheme, series, ticks, words])
  return <div ref={frame} className={styles.chart} role="img" aria-label={label} />
}
