/** Who is signed in, for screens below the shell. */
import type { CustomerId } from "@stint/domain/Ids"
import { getRouteApi } from "@tanstack/react-router"
import { customerIdOf, type User } from "../api/Session.ts"

const app = getRouteApi("/app")

/** Who is signed in. */
export const useUser = (): User => app.useRouteContext().user

/** The customer that a person acts for. */
export const useCustomer = (): CustomerId => customerIdOf(useUser())
