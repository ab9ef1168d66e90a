import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { appRoute } from "../../Root.tsx"

/** `/mandates`: what signs in the customer's place. */
const listRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/mandates",
  component: lazyRouteComponent(() => import("./Mandates.tsx"), "Mandates"),
})

/** `/mandates/new?from=`: writing one, begun from what a draft holds. */
const newRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/mandates/new",
  validateSearch: ({ from }: Record<string, unknown>): { readonly from?: string } =>
    typeof from === "string" ? { from } : {},
  component: lazyRouteComponent(() => import("./NewMandate.tsx"), "NewMandate"),
})

/** `/mandates/MAN-…`: one. */
const oneRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/mandates/$mandate",
  component: lazyRouteComponent(() => import("./Mandates.tsx"), "OneMandate"),
})

/** The routes of mandates. */
export const mandateRoutes = [listRoute, newRoute, oneRoute] as const
