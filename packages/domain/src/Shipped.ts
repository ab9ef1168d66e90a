/** The agent types that ship as seed data. They are published like any other: nothing here is special to the services. */
import { marketingHealthcareDefinition } from "./agents/marketing_healthcare/Definition.ts"
import { tradingDeltaFuturesDefinition } from "./agents/trading_delta_futures/Definition.ts"
import type { AgentTypeDefinition } from "./Definition.ts"

/** In the order in which a catalog shows them. */
export const shippedDefinitions: ReadonlyArray<AgentTypeDefinition> = [
  marketingHealthcareDefinition,
  tradingDeltaFuturesDefinition,
]
