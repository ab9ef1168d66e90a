/** The routes of the operator's screens, which viewers read as well. */
import { auditRoute } from "./audit/Routes.ts"
import { customersRoutes } from "./customers/Routes.ts"
import { deadLettersRoutes } from "./dead-letters/Routes.ts"
import { makersRoute } from "./makers/Routes.ts"
import { overviewRoute } from "./overview/Routes.ts"
import { runsRoutes } from "./runs/Routes.ts"
import { schedulerRoute } from "./scheduler/Routes.ts"
import { typesRoutes } from "./types/Routes.ts"
import { whyRoute } from "./why/Routes.ts"

/** The routes. */
export const operatorRoutes = [
  overviewRoute,
  ...runsRoutes,
  whyRoute,
  ...deadLettersRoutes,
  schedulerRoute,
  makersRoute,
  ...typesRoutes,
  ...customersRoutes,
  auditRoute,
] as const
