/** Who makes which draft: by agent type and template. A new type of ours adds a line here and a folder beside it. */
import { marketingHealthcare } from "@stint/domain/agents/marketing_healthcare/Definition"
import { tradingDeltaFutures } from "@stint/domain/agents/trading_delta_futures/Definition"
import { makeGeneric } from "./Makers/generic/Maker.ts"
import type { Draft, Maker, MakerInput } from "./Makers/Maker.ts"
import { marketingMakers } from "./Makers/marketing/Maker.ts"
import { tradingMakers } from "./Makers/trading/Maker.ts"

export type { Draft, Maker, MakerInput }

const makers: ReadonlyMap<string, ReadonlyMap<string, Maker>> = new Map([
  [marketingHealthcare, marketingMakers],
  [tradingDeltaFutures, tradingMakers],
])

/**
 * The draft of one slot of one goal. Pure and total: it reads no clock and draws no lots, so a retry or a second replica
 * makes the same bytes. What has no maker of its own becomes a generic_deliverable_v1.
 */
export const make: Maker = (input) => {
  const maker = makers.get(input.definition.agent_type_id)?.get(input.goal.goal_template_id) ?? makeGeneric
  return maker(input)
}
