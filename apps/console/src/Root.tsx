/** The roots of all routes: the page, and the app below it, which needs a session. */
import type { QueryClient } from "@tanstack/react-query"
import {
  createRootRouteWithContext,
  createRoute,
  type ErrorComponentProps,
  Outlet,
  redirect,
  useRouter,
} from "@tanstack/react-router"
import type { ReactNode } from "react"
import { sessionQuery } from "./api/Session.ts"
import { Shell } from "./shell/Shell.tsx"
import { Empty, Failed } from "./ui/States.tsx"

const NotFound = (): ReactNode => (
  <Empty title="There is nothing here">
    <a href="/">To the beginning</a>
  </Empty>
)

const Broken = ({ error }: ErrorComponentProps): ReactNode => {
  const router = useRouter()
  return <Failed error={error} retry={() => router.invalidate()} />
}

/** The page. */
export const rootRoute = createRootRouteWithContext<{ readonly client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: Broken,
})

/** The app: whoever is not signed in goes to the sign-in, and comes back. */
export const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "app",
  beforeLoad: async ({ context: { client }, location }) => {
    const { user } = await client.ensureQueryData(sessionQuery)
    if (user === null) throw redirect({ to: "/sign-in", search: { return_to: location.href } })
    return { user }
  },
  component: Shell,
  errorComponent: Broken,
  notFoundComponent: NotFound,
})
