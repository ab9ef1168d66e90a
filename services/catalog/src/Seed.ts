/** Publishes the shipped definitions in the catalog's database without the service: for operators. */
import type { Models } from "@stint/domain/Models"
import { shippedWith } from "@stint/domain/Shipped"
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

/**
 * Publishes what ships where these models are configured. Can be repeated: a published version stays as it is. Dies when the database
 * is away.
 */
export const seed = Effect.fnUntraced(
  function* (models: Models) {
    const agentTypes = yield* AgentTypes
    return yield* Effect.forEach(shippedWith(models), (definition) => {
      const id = `${definition.agent_type_id}@${definition.version}`
      return agentTypes.publish(definition).pipe(
        Effect.map(({ made }): Seeded => ({ id, outcome: made ? "published" : "there already" })),
        Effect.catchTag("AgentTypeImmutable", () => Effect.succeed<Seeded>({ id, outcome: "changed" })),
      )
    })
  },
  Effect.provide(
    AgentTypes.layer.pipe(
      Layer.provide(AgentTypesRepo.layer),
      Layer.provide([ActionLogRepo.layer("catalog_action_log"), Ids.layer]),
    ),
  ),
)
