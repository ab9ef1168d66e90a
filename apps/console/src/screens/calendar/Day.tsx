/** A day of the calendar. */
import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { dayStart, timeIn } from "../../format/Time.ts"
import { counted } from "../../format/Words.ts"
import { Instant } from "../../ui/Instant.tsx"
import type { Kind } from "../../ui/Tag.tsx"
import styles from "./calendar.module.css"
import type { CalendarSearch } from "./Routes.ts"
import type { Slot } from "./Slots.ts"

/** From this many slots of a goal on, a day shows them in one line. */
const MANY = 4

/** Slots in one line: one, or all of a day that are of one goal and in one state. */
interface Group {
  readonly first: Slot
  readonly last: Slot
  readonly size: number
}

const grouped = (slots: ReadonlyArray<Slot>): ReadonlyArray<Group> => {
  const groups = Map.groupBy(slots, ({ goal, state }) => `${goal} ${state}`)
  return slots.flatMap((slot) => {
    const all = groups.get(`${slot.goal} ${slot.state}`) ?? []
    if (all.length < MANY) return [{ first: slot, last: slot, size: 1 }]
    return all[0] === slot ? [{ first: slot, last: all.at(-1) ?? slot, size: all.length }] : []
  })
}

/** How many lines a day of a month shows; the others are in its week. */
const SHOWN = 4

/** What each state looks like: a sign and a word beside its colour. */
const states: Record<Slot["state"], { readonly kind: Kind; readonly sign: string; readonly words: string }> = {
  pending: { kind: "plain", sign: "○", words: "waits" },
  running: { kind: "run", sign: "◐", words: "running" },
  retrying: { kind: "wait", sign: "↻", words: "retrying" },
  completed: { kind: "ok", sign: "✓", words: "ran" },
  cancelled: { kind: "plain", sign: "–", words: "cancelled" },
  dead_lettered: { kind: "bad", sign: "✕", words: "failed" },
  will_run: { kind: "run", sign: "○", words: "will run" },
  will_not_run: { kind: "plain", sign: "–", words: "will not run" },
}

const Line = ({ group, zone }: { readonly group: Group; readonly zone: string }): ReactNode => {
  const { first: slot, last, size } = group
  const { kind, sign, words } = states[slot.state]
  const times = size === 1 ? "" : `, ${size} times until ${timeIn(last.at, zone, "time")}`
  const title = [`${words}: ${slot.name}, ${slot.agent}${times}`, slot.note].filter((part) => part !== undefined).join(
    "\n",
  )
  const inside = (
    <>
      <span className={styles.sign} data-kind={kind} aria-hidden="true">{sign}</span>
      <Instant at={slot.at} zone={zone} as="time" />
      <span className={styles.name}>
        {size === 1 ? "" : `${size} × `}
        {slot.name}
      </span>
      <span className={styles.agent}>{slot.agent}</span>
      <span className="visually-hidden">{words}</span>
      {slot.note === undefined ? null : <span className={styles.note}>{slot.note}</span>}
    </>
  )
  const looks = { className: styles.slot, "data-state": slot.state, title, preload: false } as const
  return slot.deliverable === undefined || size > 1
    ? (
      <Link to="/agents/$hire/goals/$goal" params={{ hire: slot.hire, goal: slot.goal }} {...looks}>
        {inside}
      </Link>
    )
    : (
      <Link to="/inbox/$deliverable" params={{ deliverable: slot.deliverable }} search={{ show: "all" }} {...looks}>
        {inside}
      </Link>
    )
}

/** A day with its slots. */
export const Day = ({ day, isOutside, isToday, isWeek, slots, toWeek, zone }: {
  readonly day: string
  readonly zone: string
  readonly slots: ReadonlyArray<Slot>
  readonly isToday: boolean
  readonly isOutside: boolean
  readonly isWeek: boolean
  readonly toWeek: CalendarSearch
}): ReactNode => {
  const lines = grouped(slots)
  const shown = isWeek || lines.length <= SHOWN + 1 ? lines : lines.slice(0, SHOWN)
  const start = dayStart(day, zone)
  return (
    <section
      className={styles.day}
      data-today={isToday ? "" : undefined}
      data-outside={isOutside ? "" : undefined}
      data-empty={slots.length === 0 ? "" : undefined}
      aria-label={timeIn(start, zone, "longDay")}
    >
      <h2>
        <span className={styles.long}>{timeIn(start, zone, "day")}</span>
        <span className={styles.short} aria-hidden="true">{Number(day.slice(8))}</span>
        {isToday ? <span className="visually-hidden">today</span> : null}
      </h2>
      {shown.map((group) => <Line key={group.first.id} group={group} zone={zone} />)}
      {shown.length < lines.length
        ? (
          <Link to="/calendar" search={toWeek} className={styles.others} activeProps={{}}>
            {counted(lines.length - shown.length, "more", "more")}
          </Link>
        )
        : null}
    </section>
  )
}
