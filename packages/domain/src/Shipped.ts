/** The agent types that ship as seed data; the services treat them like any other. */
import { marketingHealthcareDefinition } from "./agents/marketing_healthcare/Definition.ts"
import { reviewsReplyWriterDefinition } from "./agents/reviews_reply_writer/Definition.ts"
import { reviewsReplyWriterModelDefinition } from "./agents/reviews_reply_writer/ModelDefinition.ts"
import { tradingDeltaFuturesDefinition } from "./agents/trading_delta_futures/Definition.ts"
import type { AgentTypeDefinition } from "./Definition.ts"

/** Those that run everywhere. */
export const shippedDefinitions: ReadonlyArray<AgentTypeDefinition> = [
  marketingHealthcareDefinition,
  tradingDeltaFuturesDefinition,
  reviewsReplyWriterDefinition,
]

/** Those whose drafts are written by models. */
export const modelDefinitions: ReadonlyArray<AgentTypeDefinition> = [reviewsReplyWriterModelDefinition]
