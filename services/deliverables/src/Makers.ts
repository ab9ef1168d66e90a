/** The makers of drafts by agent type and goal template. A new agent type adds a line here and a folder in Makers/. */
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
 * Makes the draft of one slot of one goal. Deterministic, without clock or randomness, so that a retry or a second replica
 * makes the same bytes. A template without a maker of its own gets a generic_deliverable_v1.
 */
export const make: Maker = (input) => {
  const maker = makers.get(input.definition.agent_type_id)?.get(input.goal.goal_template_id) ?? makeGeneric
  return maker(input)
}
