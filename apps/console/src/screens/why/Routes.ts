import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { defined, instantOf } from "../../format/Search.ts"
import { appRoute } from "../../Root.tsx"

/** `/goals/:goal/why?at=`: why a goal ran, or did not, at an instant; without one: now. */
export const whyRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/goals/$goal/why",
  validateSearch: ({ at }: Record<string, unknown>): { readonly at?: string } => defined({ at: instantOf(at) }),
  component: lazyRouteComponent(() => import("./Why.tsx"), "Why"),
})
