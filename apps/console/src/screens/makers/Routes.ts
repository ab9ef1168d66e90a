import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { appRoute } from "../../Root.tsx"

/** `/makers`: models and hosts that make drafts, with their breakers. */
export const makersRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/makers",
  component: lazyRouteComponent(() => import("./Makers.tsx"), "Makers"),
})
