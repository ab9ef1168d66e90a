/** All routes: a screen's folder has its own, and stands here in a line. */
import type { QueryClient } from "@tanstack/react-query"
import { createRoute, createRouter, redirect } from "@tanstack/react-router"
import { appRoute, rootRoute } from "./Root.tsx"
import { agentRoutes } from "./screens/agents/Routes.ts"
import { calendarRoute } from "./screens/calendar/Routes.ts"
import { goalRoutes } from "./screens/goals/Routes.ts"
import { inboxRoutes } from "./screens/inbox/Routes.ts"
import { notificationsRoute } from "./screens/notifications/Routes.ts"
import { mandateRoutes } from "./screens/mandates/Routes.ts"
import { operatorRoutes } from "./screens/OperatorRoutes.ts"
import { signInRoute } from "./screens/sign-in/Routes.ts"
import { placesOf } from "./shell/Navigation.ts"

/** `/`: the first screen of the role. */
const homeRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/",
  beforeLoad: ({ context: { user } }) => {
    const first = placesOf(user.role)[0]
    if (first !== undefined) throw redirect({ to: first.to, replace: true })
  },
})

const tree = rootRoute.addChildren([
  signInRoute,
  appRoute.addChildren([
    homeRoute,
    inboxRoutes,
    ...agentRoutes,
    ...goalRoutes,
    calendarRoute,
    ...mandateRoutes,
    notificationsRoute,
    ...operatorRoutes,
  ]),
])

/** The router of the console. */
export const makeRouter = (client: QueryClient) =>
  createRouter({ routeTree: tree, context: { client }, defaultPreload: "intent", defaultPreloadStaleTime: 0 })

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
