/** The agent types that ship as seed data; the services treat them like any other. */
import { marketingHealthcareDefinition } from "./agents/marketing_healthcare/Definition.ts"
import { marketingHealthcareModelDefinition } from "./agents/marketing_healthcare/ModelDefinition.ts"
import { reviewsReplyWriterDefinition } from "./agents/reviews_reply_writer/Definition.ts"
import { reviewsReplyWriterModelDefinition } from "./agents/reviews_reply_writer/ModelDefinition.ts"
import { tradingDeltaFuturesDefinition } from "./agents/trading_delta_futures/Definition.ts"
import type { AgentTypeDefinition } from "./Definition.ts"

/** Those that run everywhere, in the order in which the catalog lists them. */
export const shippedDefinitions: ReadonlyArray<AgentTypeDefinition> = [
  marketingHealthcareDefinition,
  tradingDeltaFuturesDefinition,
  reviewsReplyWriterDefinition,
]

/** Those whose drafts are written by models. */
export const modelDefinitions: ReadonlyArray<AgentTypeDefinition> = [
  marketingHealthcareModelDefinition,
  reviewsReplyWriterModelDefinition,
]

/** The aliases of the models that a definition needs. */
const modelsOf = ({ goal_templates }: AgentTypeDefinition): ReadonlyArray<string> =>
  goal_templates.flatMap(({ maker }) => maker?.kind === "model" ? [maker.model] : [])

/**
 * What is published where these models are configured: a definition whose models are not all there would be the latest version of
 * its type, and could not run.
 */
export const shippedWith = (
  models: { readonly has: (alias: string) => boolean },
): ReadonlyArray<AgentTypeDefinition> => [
  ...shippedDefinitions,
  ...modelDefinitions.filter((definition) => modelsOf(definition).every((alias) => models.has(alias))),
]
