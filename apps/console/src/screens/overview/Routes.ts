import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { appRoute } from "../../Root.tsx"

/** The windows of the charts, in hours. */
export const windows = [1, 6, 24] as const
/** A window of the charts. */
export type Window = typeof windows[number]

/** `/overview?hours=`: what waits, what failed and why, at a glance. */
export const overviewRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/overview",
  validateSearch: ({ hours }: Record<string, unknown>): { readonly hours?: Window } => {
    const found = windows.find((one) => one === Number(hours))
    return found === undefined || found === 1 ? {} : { hours: found }
  },
  component: lazyRouteComponent(() => import("./Overview.tsx"), "Overview"),
})
