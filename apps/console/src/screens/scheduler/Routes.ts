import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { appRoute } from "../../Root.tsx"
import { schedulerSearch } from "./Search.ts"

/** `/scheduler?show=&goal=&from=&to=`: state and pauses, trigger, backfill, limits. */
export const schedulerRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/scheduler",
  validateSearch: schedulerSearch,
  component: lazyRouteComponent(() => import("./Scheduler.tsx"), "Scheduler"),
})
