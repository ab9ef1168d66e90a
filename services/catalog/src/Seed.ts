/** Publishes the definitions that ship, straight into the catalog's database: for operators, without the service. */
import { shippedDefinitions } from "@stint/domain/Shipped"
import { Effect, Layer } from "effect"
import { AgentTypes } from "./AgentTypes.ts"
import { AgentTypesRepo } from "./AgentTypes/Repo.ts"

/** What became of one definition: `changed` is published with another content, which stays. */
export interface Seeded {
  readonly id: string
  readonly outcome: "published" | "there already" | "changed"
}

/** May be run again: what is published stays as it is. Needs the catalog's Postgres client; dies when that is away. */
export const seed = Effect.gen(function* () {
  const agentTypes = yield* AgentTypes
  return yield* Effect.forEach(shippedDefinitions, (definition) => {
    const id = `${definition.agent_type_id}@${definition.version}`
    return agentTypes.publish(definition).pipe(
      Effect.map(({ made }): Seeded => ({ id, outcome: made ? "published" : "there already" })),
      Effect.catchTag("AgentTypeImmutable", () => Effect.succeed<Seeded>({ id, outcome: "changed" })),
    )
  })
}).pipe(Effect.provide(AgentTypes.layerNoDeps.pipe(Layer.provide(AgentTypesRepo.layerPg))))
