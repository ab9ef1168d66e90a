import type { DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { defined, oneOf } from "../../format/Search.ts"
import { appRoute } from "../../Root.tsx"
import { deadLetterStates } from "./States.ts"

const search = ({ state }: Record<string, unknown>): { readonly state?: DeadLetterState } =>
  defined({ state: oneOf(deadLetterStates, state) })

/** `/dead-letters?state=`: the causes. */
const causesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/dead-letters",
  validateSearch: search,
  component: lazyRouteComponent(() => import("./Causes.tsx"), "Causes"),
})

/** `/dead-letters/:cause?state=`: the entries of a cause, by its fingerprint. */
const causeRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/dead-letters/$cause",
  validateSearch: search,
  component: lazyRouteComponent(() => import("./Cause.tsx"), "Cause"),
})

/** `/dead-letters/entry/:entry`: one entry. */
const entryRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/dead-letters/entry/$entry",
  component: lazyRouteComponent(() => import("./Entry.tsx"), "EntryScreen"),
})

/** The routes of dead letters. */
export const deadLettersRoutes = [causesRoute, causeRoute, entryRoute] as const
