import { createRoute, lazyRouteComponent } from "@tanstack/react-router"
import { defined, oneOf, textOf } from "../../format/Search.ts"
import { appRoute } from "../../Root.tsx"
import { type SubscriptionStatus, subscriptionStatuses } from "./States.ts"

/** `/customers?email=`: the customers that have a record. */
const customersRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/customers",
  validateSearch: ({ email }: Record<string, unknown>): { readonly email?: string } =>
    defined({ email: textOf(email) }),
  component: lazyRouteComponent(() => import("./Customers.tsx"), "Customers"),
})

/** `/subscriptions?subscription_status=`: those of all customers that are in a status; without one, those that wait for their payment. */
const subscriptionsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/subscriptions",
  validateSearch: (
    { subscription_status }: Record<string, unknown>,
  ): { readonly subscription_status?: SubscriptionStatus } =>
    defined({ subscription_status: oneOf(subscriptionStatuses, subscription_status) }),
  component: lazyRouteComponent(() => import("./AllSubscriptions.tsx"), "AllSubscriptions"),
})

/** `/customers/:customer?hire=`: one customer, its subscriptions and hires; one hire open. */
const customerRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/customers/$customer",
  validateSearch: ({ hire }: Record<string, unknown>): { readonly hire?: string } => defined({ hire: textOf(hire) }),
  component: lazyRouteComponent(() => import("./Customer.tsx"), "CustomerScreen"),
})

/** `/hires/:hire`: a hire by its id alone, at its customer. */
const hireRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/hires/$hire",
  component: lazyRouteComponent(() => import("./HireById.tsx"), "HireById"),
})

/** The routes of customers and hires. */
export const customersRoutes = [customersRoute, subscriptionsRoute, customerRoute, hireRoute] as const
