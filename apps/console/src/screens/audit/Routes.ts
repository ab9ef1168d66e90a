import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { appRoute } from "../../Root.tsx"
import { auditSearch } from "./Search.ts"

/** `/audit?service=&operator=&action=&days=`: who did what, of all services. */
export const auditRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import("./Audit.tsx"), "Audit"),
})
