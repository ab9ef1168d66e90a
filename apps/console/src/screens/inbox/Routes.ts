import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { appRoute } from "../../Root.tsx"
import { type InboxSearch, isShow } from "./Search.ts"

/** `/inbox?show=&agent=`: the list; what is shown by default is left out of the URL. */
const inboxRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/inbox",
  validateSearch: ({ agent, show }: Record<string, unknown>): InboxSearch => ({
    ...(typeof agent === "string" && agent !== "" ? { agent } : {}),
    ...(isShow(show) && show !== "waiting" ? { show } : {}),
  }),
  component: lazyRouteComponent(() => import("./Inbox.tsx"), "Inbox"),
})

/** `/inbox/:deliverable`: the same, with one draft open; what a message links to. */
const draftRoute = createRoute({ getParentRoute: () => inboxRoute, path: "$deliverable" })

/** The routes of the inbox. */
export const inboxRoutes = inboxRoute.addChildren([draftRoute])
