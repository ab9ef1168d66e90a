import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { appRoute } from "../../Root.tsx"

/** The parts of an agent's page. */
export const tabs = { goals: "Goals", drafts: "Drafts", report: "Report", settings: "Settings" } as const
/** A part of an agent's page. */
export type Tab = keyof typeof tabs

const isTab = (text: unknown): text is Tab => typeof text === "string" && Object.hasOwn(tabs, text)

/** `/agents`: what the customer has hired. */
const listRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/agents",
  component: lazyRouteComponent(() => import("./Agents.tsx"), "Agents"),
})

/** `/agents/hire`: what can be hired. */
const typesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/agents/hire",
  component: lazyRouteComponent(() => import("./Types.tsx"), "Types"),
})

/** `/agents/hire/:type?subscription=`: subscribing to one, then waiting for its payment. */
const hireRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/agents/hire/$type",
  validateSearch: ({ subscription }: Record<string, unknown>): { readonly subscription?: string } =>
    typeof subscription === "string" ? { subscription } : {},
  component: lazyRouteComponent(() => import("./Subscribe.tsx"), "Subscribe"),
})

/** `/agents/:hire?tab=`: one of them. */
const agentRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/agents/$hire",
  validateSearch: ({ tab }: Record<string, unknown>): { readonly tab?: Tab } => isTab(tab) ? { tab } : {},
  component: lazyRouteComponent(() => import("./Agent.tsx"), "Agent"),
})

/** The routes of agents. */
export const agentRoutes = [listRoute, typesRoute, hireRoute, agentRoute] as const
