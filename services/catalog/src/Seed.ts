/** Publishes the shipped definitions in the catalog's database without the service: for operators. */
import { shippedDefinitions } from "@stint/domain/Shipped"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import { Ids } from "@stint/edge/Ids"
import { Effect, Layer } from "effect"
import { AgentTypes } from "./AgentTypes.ts"
import { AgentTypesRepo } from "./AgentTypes/Repo.ts"

/** The outcome for one definition. `changed`: it is published with other content, which stays. */
export interface Seeded {
  readonly id: string
  readonly outcome: "published" | "there already" | "changed"
}

/** Can be repeated: a published version stays as it is. Dies when the database is away. */
export const seed = Effect.gen(function* () {
  const agentTypes = yield* AgentTypes
  return yield* Effect.forEach(shippedDefinitions, (definition) => {
    const id = `${definition.agent_type_id}@${definition.version}`
    return agentTypes.publish(definition).pipe(
      Effect.map(({ made }): Seeded => ({ id, outcome: made ? "published" : "there already" })),
      Effect.catchTag("AgentTypeImmutable", () => Effect.succeed<Seeded>({ id, outcome: "changed" })),
    )
  })
}).pipe(Effect.provide(
  AgentTypes.layer.pipe(
    Layer.provide(AgentTypesRepo.layer),
    Layer.provide([ActionLogRepo.layer("catalog_action_log"), Ids.layer]),
  ),
))
