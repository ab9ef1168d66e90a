/** The screens that each role goes to, in their order. A screen stands here once it is built; routes are in Router.tsx. */
import type { Role } from "@stint/domain/Caller"
import type { LinkProps } from "@tanstack/react-router"

/** A screen in the navigation. */
export interface Place {
  readonly to: NonNullable<LinkProps["to"]>
  readonly label: string
  readonly keys: string
  readonly roles: ReadonlyArray<Role>
  /** What is counted beside its name. */
  readonly badge?: "waiting"
}

/** The navigation. */
export const places: ReadonlyArray<Place> = [
  { to: "/inbox", label: "Inbox", keys: "g i", roles: ["customer"], badge: "waiting" },
]

/** The screens of a role. */
export const placesOf = (role: Role): ReadonlyArray<Place> => places.filter(({ roles }) => roles.includes(role))
