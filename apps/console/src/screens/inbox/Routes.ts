import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { appRoute } from "../../Root.tsx"
import { searchOf } from "./Search.ts"

/** `/inbox?show=&agent=&type=&goal=&age=&order=&flat=`: the list; what is shown by default is left out of the URL. */
const inboxRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/inbox",
  validateSearch: searchOf,
  component: lazyRouteComponent(() => import("./Inbox.tsx"), "Inbox"),
})

/** `/inbox/:deliverable`: the same, with one draft open; what a message links to. */
const draftRoute = createRoute({ getParentRoute: () => inboxRoute, path: "$deliverable" })

/** The routes of the inbox. */
export const inboxRoutes = inboxRoute.addChildren([draftRoute])
