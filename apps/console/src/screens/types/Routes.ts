import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { defined, oneOf, textOf } from "../../format/Search.ts"
import { appRoute } from "../../Root.tsx"

/** What is shown of a version. */
export const views = ["fields", "json", "diff"] as const
/** A view of a version. */
export type View = typeof views[number]

/** The search of a type's screen. */
export interface TypeSearch {
  /** The version that is shown; the latest without one. */
  readonly version?: string
  readonly view?: View
  /** In a diff: the version before. */
  readonly from?: string
}

/** `/types`: all agent types. */
const typesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/types",
  component: lazyRouteComponent(() => import("./Types.tsx"), "Types"),
})

/** `/types/publish?from=`: a new version, beginning with the latest one of a type. */
const publishRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/types/publish",
  validateSearch: ({ from }: Record<string, unknown>): { readonly from?: string } => defined({ from: textOf(from) }),
  component: lazyRouteComponent(() => import("./Publish.tsx"), "Publish"),
})

/** `/types/:type?version=&view=&from=`: one agent type. */
const typeRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/types/$type",
  validateSearch: ({ from, version, view }: Record<string, unknown>): TypeSearch =>
    defined({ version: textOf(version), view: oneOf(views, view), from: textOf(from) }),
  component: lazyRouteComponent(() => import("./Type.tsx"), "TypeScreen"),
})

/** The routes of agent types. */
export const typesRoutes = [typesRoute, publishRoute, typeRoute] as const
