import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { appRoute } from "../../Root.tsx"
import { runsSearch } from "./Search.ts"

/** `/runs?status=&goal=&hire=&customer=&type=&from=&to=&late=`: runs, the latest slot first. */
const listRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/runs",
  validateSearch: runsSearch,
  component: lazyRouteComponent(() => import("./Runs.tsx"), "Runs"),
})

/** `/runs/:run`: one run with its attempts. */
const runRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/runs/$run",
  component: lazyRouteComponent(() => import("./Run.tsx"), "RunScreen"),
})

/** The routes of runs. */
export const runsRoutes = [listRoute, runRoute] as const
