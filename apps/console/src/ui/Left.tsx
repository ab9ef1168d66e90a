/** How much time is left until an instant, counting down in its place: by minutes, and by seconds in the last hour. */
import { type ReactNode, useEffect, useState } from "react"
import { lengthOf, millisOf, type Moment, timeIn, utcOf } from "../format/Time.ts"
import { useNow } from "./Now.ts"

/** Within this time what is left is said in colour and in a word, and counted in seconds; in milliseconds. */
const SOON_MS = 3_600_000

/** The last second of the clock, as long as it is asked for. */
const useSeconds = (asked: boolean): number => {
  const [now, set] = useState(Date.now)
  useEffect(() => {
    if (!asked) return
    const timer = setInterval(() => set(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [asked])
  return now
}

/** Minutes and seconds: 49:05. */
const clock = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

/** Whether an instant comes within the hour. */
export const useSoon = (at: Moment): boolean => millisOf(at) - useNow() <= SOON_MS

/** What is left: `5 h`, in the last hour a tag `soon, 49:05`. `before` and `after` are the words around it. */
export const Left = ({ after = "", at, before = "", brief = false, zone }: {
  readonly at: Moment
  readonly zone: string
  readonly before?: string
  readonly after?: string
  /** In a list: to the minute, also in the last hour. */
  readonly brief?: boolean
}): ReactNode => {
  const soon = useSoon(at)
  const coarse = useNow()
  const fine = useSeconds(soon && !brief)
  const left = millisOf(at) - (soon && !brief ? fine : coarse)
  const words = left <= 0 ? "0 min" : soon && !brief ? clock(left) : left < 60_000 ? "1 min" : lengthOf(left)
  const shown = (
    <time
      className="left"
      data-fine={soon && !brief ? "" : undefined}
      dateTime={new Date(millisOf(at)).toISOString()}
      title={`${timeIn(at, zone, "exact")} ${zone} · ${utcOf(at)}`}
    >
      {words}
    </time>
  )
  const how = soon && !brief ? "soon," : before === "" ? "" : "in"
  const lead = [before, how].filter((word) => word !== "").join(" ")
  const all = (
    <>
      {lead === "" ? "" : `${lead} `}
      {shown}
      {after}
    </>
  )
  return soon ? <span className="tag" data-kind="wait">{all}</span> : <span>{all}</span>
}
