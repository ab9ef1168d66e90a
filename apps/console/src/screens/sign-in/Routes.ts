import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router"
import { sessionQuery } from "../../api/Session.ts"
import { rootRoute } from "../../Root.tsx"

/** A way back is a path of this origin: another's would let a link lead a person who signs in elsewhere. */
const ownPath = (path: unknown): string | undefined =>
  typeof path === "string" && /^\/(?![/\\])/.test(path) ? path : undefined

/** `/sign-in?return_to=`: for whoever is not signed in. */
export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: ({ return_to }: Record<string, unknown>): { readonly return_to?: string } => {
    const path = ownPath(return_to)
    return path === undefined ? {} : { return_to: path }
  },
  beforeLoad: async ({ context: { client }, search }) => {
    const { user } = await client.ensureQueryData(sessionQuery)
    if (user !== null) throw redirect({ href: search.return_to ?? "/" })
  },
  component: lazyRouteComponent(() => import("./SignIn.tsx"), "SignIn"),
})
