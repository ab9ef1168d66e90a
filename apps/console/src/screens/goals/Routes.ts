import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { appRoute } from "../../Root.tsx"

/** `/agents/:hire/goals/new?template=`: setting a goal. */
const newRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/agents/$hire/goals/new",
  validateSearch: ({ template }: Record<string, unknown>): { readonly template?: string } =>
    typeof template === "string" ? { template } : {},
  component: lazyRouteComponent(() => import("./NewGoal.tsx"), "NewGoal"),
})

/** `/agents/:hire/goals/:goal`: one goal, its next fires and its runs. */
const goalRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/agents/$hire/goals/$goal",
  component: lazyRouteComponent(() => import("./Goal.tsx"), "Goal"),
})

/** The routes of goals. */
export const goalRoutes = [newRoute, goalRoute] as const
