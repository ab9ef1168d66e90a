/** Who is signed in, for screens below the shell. */
import type { CustomerId } from "@stint/domain/Ids"
import type { User } from "@stint/domain/gateway/Sessions"
import { getRouteApi } from "@tanstack/react-router"
import { customerIdOf } from "../api/Session.ts"

const app = getRouteApi("/app")

/** Who is signed in. */
export const useUser = (): User => app.useRouteContext().user

/** The customer that a person acts for. */
export const useCustomer = (): CustomerId => customerIdOf(useUser())

/** Whether the person that is signed in may do what a duty is for: a customer itself may all (domain.md, "People"). */
export const useMay = (duty: "reviewer" | "editor"): boolean => {
  const { duties, role } = useUser()
  return role === "customer" && (duties === undefined || duties.includes(duty))
}
