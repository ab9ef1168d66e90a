/** An instant in a zone, with UTC on hover. */
import type { ReactNode } from "react"
import { fromNow, millisOf, type Moment, timeIn, type TimeStyle, utcOf, zoneMark } from "../format/Time.ts"
import { useNow } from "./Now.ts"

interface Shown {
  readonly at: Moment
  readonly zone: string
  readonly as?: TimeStyle
  /** Whether the zone's name stands behind it. */
  readonly named?: boolean
  /** Whether its zone is said beside it: then it has no mark of its own. */
  readonly said?: boolean
}

/** An instant on the wall clock of a zone, marked where that is not the clock of the reader. */
export const Instant = ({ as = "full", at, named = false, said = false, zone }: Shown): ReactNode => {
  const mark = named ? zone : !said && (as === "full" || as === "exact") ? zoneMark(at, zone) : undefined
  return (
    <time dateTime={new Date(millisOf(at)).toISOString()} title={utcOf(at)}>
      {timeIn(at, zone, as)}
      {mark === undefined ? "" : ` ${mark}`}
    </time>
  )
}

/** How far an instant is from now, with the instant in its zone and UTC on hover. */
export const Ago = ({ at, zone }: { readonly at: Moment; readonly zone: string }): ReactNode => {
  // it is shown anew with the screen's clock, which may be ten seconds late: what has just arrived is not of the future
  useNow()
  return (
    <time dateTime={new Date(millisOf(at)).toISOString()} title={`${timeIn(at, zone, "exact")} ${zone} · ${utcOf(at)}`}>
      {fromNow(at, Date.now())}
    </time>
  )
}
