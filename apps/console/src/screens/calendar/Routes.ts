import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { appRoute } from "../../Root.tsx"

/** What the calendar shows, as it stands in the URL; what is shown by default is left out. */
export interface CalendarSearch {
  /** YYYY-MM. */
  readonly month?: string
  /** A day YYYY-MM-DD: its week is shown. */
  readonly week?: string
  readonly agent?: string
  readonly zone?: string
}

const text = (value: unknown, pattern: RegExp): string | undefined =>
  typeof value === "string" && pattern.test(value) ? value : undefined

/** `/calendar?month=` or `?week=`: what will run and what ran. */
export const calendarRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/calendar",
  validateSearch: (search: Record<string, unknown>): CalendarSearch => {
    const month = text(search.month, /^\d{4}-(0[1-9]|1[0-2])$/)
    const week = text(search.week, /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/)
    const agent = text(search.agent, /./)
    const zone = text(search.zone, /./)
    return {
      ...(month === undefined ? {} : { month }),
      ...(week === undefined ? {} : { week }),
      ...(agent === undefined ? {} : { agent }),
      ...(zone === undefined ? {} : { zone }),
    }
  },
  component: lazyRouteComponent(() => import("./Calendar.tsx"), "Calendar"),
})
