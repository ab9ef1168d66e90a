/** The agent types that ship as seed data; the services treat them like any other. */
import { marketingHealthcareDefinition } from "./agents/marketing_healthcare/Definition.ts"
import { tradingDeltaFuturesDefinition } from "./agents/trading_delta_futures/Definition.ts"
import type { AgentTypeDefinition } from "./Definition.ts"

/** In the order in which the catalog lists them. */
export const shippedDefinitions: ReadonlyArray<AgentTypeDefinition> = [
  marketingHealthcareDefinition,
  tradingDeltaFuturesDefinition,
]
