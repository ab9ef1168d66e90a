/** The screens that each role goes to, in their order. A screen stands here once it is built; routes are in Router.tsx. */
import type { PersonRole } from "@stint/domain/gateway/Sessions"
import type { LinkProps } from "@tanstack/react-router"

/** A screen in the navigation. */
export interface Place {
  readonly to: NonNullable<LinkProps["to"]>
  readonly label: string
  readonly keys: string
  readonly roles: ReadonlyArray<PersonRole>
  /** What is counted beside its name. */
  readonly badge?: "waiting"
  /** Where else one is in it: the beginnings of other paths. */
  readonly also?: ReadonlyArray<string>
}

/** Whoever runs the installation, and whoever reads how it runs. */
const staff: ReadonlyArray<PersonRole> = ["operator", "viewer"]

/** The navigation. */
export const places: ReadonlyArray<Place> = [
  { to: "/inbox", label: "Inbox", keys: "g i", roles: ["customer"], badge: "waiting" },
  { to: "/agents", label: "Agents", keys: "g a", roles: ["customer"], also: ["/goals/"] },
  { to: "/calendar", label: "Calendar", keys: "g c", roles: ["customer"] },
  { to: "/notifications", label: "Notifications", keys: "g n", roles: ["customer"] },
  { to: "/mandates", label: "Mandates", keys: "g m", roles: ["customer"] },
  { to: "/overview", label: "Overview", keys: "g o", roles: staff },
  { to: "/runs", label: "Runs", keys: "g r", roles: staff, also: ["/goals/"] },
  { to: "/dead-letters", label: "Dead letters", keys: "g d", roles: staff },
  { to: "/scheduler", label: "Scheduler", keys: "g s", roles: staff },
  { to: "/makers", label: "Makers", keys: "g m", roles: staff },
  { to: "/types", label: "Agent types", keys: "g t", roles: staff },
  { to: "/customers", label: "Customers", keys: "g u", roles: staff, also: ["/subscriptions", "/hires/"] },
  { to: "/audit", label: "Audit", keys: "g l", roles: staff },
]

/** The screens of a role. */
export const placesOf = (role: PersonRole): ReadonlyArray<Place> => places.filter(({ roles }) => roles.includes(role))
