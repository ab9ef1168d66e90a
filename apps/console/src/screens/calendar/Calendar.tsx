/** The calendar: what ran and what will run, by month or by week, in the hire's zone. */
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { hiresQuery } from "../../api/Hires.ts"
import { pausesQuery } from "../../api/Pauses.ts"
import { addDays, dayIn, dayStart, timeIn, zoneOf } from "../../format/Time.ts"
import { hireName } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useCustomer } from "../../shell/User.ts"
import { Page } from "../../ui/Page.tsx"
import { Loaded } from "../../ui/States.tsx"
import { PauseNote } from "../agents/Standing.tsx"
import styles from "./calendar.module.css"
import { Day } from "./Day.tsx"
import { type Slot, useSlots } from "./Slots.ts"
import { daysOfMonth, daysOfWeek, monthAfter, monthOf } from "./Days.ts"
import type { CalendarSearch } from "./Routes.ts"

const route = getRouteApi("/app/calendar")

/** How many weeks the calendar begins with. */
const WEEKS = 5

/** The zone of most hires: what a calendar of several zones begins with. */
const usualZone = (zones: ReadonlyArray<string>): string => {
  const counts = new Map<string, number>()
  for (const zone of zones) counts.set(zone, (counts.get(zone) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "UTC"
}

/** What stays in the URL while another time is looked at. */
const kept = ({ agent, zone }: CalendarSearch): CalendarSearch => ({
  ...(agent === undefined ? {} : { agent }),
  ...(zone === undefined ? {} : { zone }),
})

interface View {
  readonly title: string
  readonly days: ReadonlyArray<string>
  readonly before: CalendarSearch
  readonly after: CalendarSearch
  readonly isWeek: boolean
  /** The month that a month's view is of. */
  readonly month: string | undefined
}

const viewOf = ({ month, week }: CalendarSearch, today: string, zone: string): View => {
  if (week !== undefined) {
    const days = daysOfWeek(week)
    return {
      title: `${timeIn(dayStart(days[0]!, zone), zone, "day")} to ${timeIn(dayStart(days[6]!, zone), zone, "day")}`,
      days,
      before: { week: addDays(days[0]!, -7) },
      after: { week: addDays(days[0]!, 7) },
      isWeek: true,
      month: undefined,
    }
  }
  if (month === undefined) {
    const first = daysOfWeek(today)[0]!
    const days = Array.from({ length: WEEKS * 7 }, (_, index) => addDays(first, index))
    return {
      title: "The next five weeks",
      days,
      before: { month: monthOf(today) },
      after: { month: monthAfter(monthOf(today), 1) },
      isWeek: false,
      month: undefined,
    }
  }
  const shown = month
  return {
    title: timeIn(dayStart(`${shown}-15`, zone), zone, "month"),
    days: daysOfMonth(shown),
    before: { month: monthAfter(shown, -1) },
    after: { month: monthAfter(shown, 1) },
    isWeek: false,
    month: shown,
  }
}

const Filters = ({ zone, zones }: { readonly zone: string; readonly zones: ReadonlyArray<string> }): ReactNode => {
  const search = route.useSearch()
  const navigate = useNavigate()
  const hires = useQuery(hiresQuery(useCustomer())).data ?? []
  const set = (now: CalendarSearch) => void navigate({ to: "/calendar", search: now, replace: true })
  const { agent: _, ...withoutAgent } = search
  const { zone: __, ...withoutZone } = search
  return (
    <>
      <select
        className="filter"
        aria-label="Agent"
        value={search.agent ?? ""}
        onChange={({ target: { value } }) => set(value === "" ? withoutAgent : { ...withoutAgent, agent: value })}
      >
        <option value="">All agents</option>
        {hires.map((hire) => (
          <option key={hire.hired_instance_id} value={hire.hired_instance_id}>{hireName(hire)}</option>
        ))}
      </select>
      {zones.length > 1
        ? (
          <select
            className="filter"
            aria-label="Time zone"
            value={zone}
            onChange={({ target: { value } }) => set({ ...withoutZone, zone: value })}
          >
            {zones.map((one) => <option key={one}>{one}</option>)}
          </select>
        )
        : <span className="dim">{zone}</span>}
    </>
  )
}

const Grid = ({ byDay, today, view: { days, isWeek, month }, zone }: {
  readonly view: View
  readonly zone: string
  readonly today: string
  readonly byDay: ReadonlyMap<string, ReadonlyArray<Slot>>
}): ReactNode => {
  const search = route.useSearch()
  return (
    <div className={styles.grid} data-week={isWeek ? "" : undefined}>
      {days.slice(0, 7).map((day) => (
        <div key={day} className={styles.weekday} aria-hidden="true">
          {timeIn(dayStart(day, zone), zone, "weekday")}
        </div>
      ))}
      {days.map((day) => (
        <Day
          key={day}
          day={day}
          zone={zone}
          slots={byDay.get(day) ?? []}
          isToday={day === today}
          isOutside={month !== undefined && monthOf(day) !== month}
          isWeek={isWeek}
          toWeek={{ ...kept(search), week: day }}
        />
      ))}
    </div>
  )
}

/** The calendar. */
export const Calendar = (): ReactNode => {
  const search = route.useSearch()
  const navigate = useNavigate()
  const customer = useCustomer()
  const hires = useQuery(hiresQuery(customer)).data ?? []
  // of one agent alone its own slots tell, unless it is the one that is shown
  const pause = useQuery(pausesQuery(customer)).data?.items.find(({ scope }) =>
    scope?.hired_instance_id === undefined || scope.hired_instance_id === search.agent
  )
  const own = hires.filter(({ hired_instance_id }) => search.agent === undefined || hired_instance_id === search.agent)
  const zone = search.zone ?? usualZone(own.map(({ config }) => zoneOf(config)))
  const zones = [...new Set([zone, "UTC", ...hires.map(({ config }) => zoneOf(config))])].sort()
  const today = dayIn(new Date(), zone)
  const view = viewOf(search, today, zone)
  const { days, isWeek } = view
  const slots = useSlots(days, zone, search.agent)
  const go = (to: CalendarSearch) => void navigate({ to: "/calendar", search: { ...kept(search), ...to } })
  useActions([
    { label: isWeek ? "Next week" : "Next month", keys: "j", run: () => go(view.after) },
    { label: isWeek ? "Week before" : "Month before", keys: "k", run: () => go(view.before) },
    { label: "Today", keys: "t", run: () => go(isWeek ? { week: today } : {}) },
    { label: "By month", keys: "m", run: () => go(days.includes(today) ? {} : { month: monthOf(days[3] ?? today) }) },
    { label: "By week", keys: "w", run: () => go({ week: days.includes(today) ? today : days[0] ?? today }) },
  ])
  const turn = (to: CalendarSearch, label: string, sign: string) => (
    <Link
      to="/calendar"
      search={{ ...kept(search), ...to }}
      aria-label={label}
      className={styles.turn}
      activeProps={{}}
    >
      {sign}
    </Link>
  )
  return (
    <Page
      title="Calendar"
      beside={
        <>
          <span className={styles.turns}>
            {turn(view.before, isWeek ? "Week before" : "Month before", "‹")}
            <span className={styles.title} aria-live="polite">{view.title}</span>
            {turn(view.after, isWeek ? "Next week" : "Next month", "›")}
          </span>
          <nav className="tabs" aria-label="View">
            <Link
              to="/calendar"
              search={{ ...kept(search), ...(days.includes(today) ? {} : { month: monthOf(days[3] ?? today) }) }}
              aria-current={isWeek ? undefined : "page"}
              activeProps={{}}
            >
              Month
            </Link>
            <Link
              to="/calendar"
              search={{ ...kept(search), week: days.includes(today) ? today : days[0] ?? today }}
              aria-current={isWeek ? "page" : undefined}
              activeProps={{}}
            >
              Week
            </Link>
          </nav>
        </>
      }
      actions={<Filters zone={zone} zones={zones} />}
    >
      <div className="notes">{pause === undefined ? null : <PauseNote pause={pause} zone={zone} />}</div>
      <Loaded of={slots} skeleton={<Grid view={view} zone={zone} today={today} byDay={new Map()} />}>
        {({ byDay, more }) => (
          <>
            {more
              ? <p className={styles.more}>There are more runs than are shown. Choose an agent, or a week.</p>
              : null}
            <Grid view={view} zone={zone} today={today} byDay={byDay} />
          </>
        )}
      </Loaded>
    </Page>
  )
}
