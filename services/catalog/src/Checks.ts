/** Whom a definition would break, before it is published (domain.md, "Definitions in use"). Nothing is stored. */
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import type { DefinitionCheck } from "@stint/domain/hiring/DefinitionsInUse"
import type { InvalidRequest, Unavailable } from "@stint/domain/Problem"
import type { PageQuery } from "@stint/edge/Paging"
import { Context, Effect, Layer } from "effect"
import { isOfType } from "./AgentTypes/Policy.ts"
import { Hiring } from "./Clients.ts"

/** Checks of definitions. */
export class Checks extends Context.Service<Checks, {
  /** A page of the type's live hires under the definition. Fails with InvalidRequest when `type` is not the definition's. */
  check(
    type: string,
    definition: AgentTypeDefinition,
    page: PageQuery,
  ): Effect.Effect<DefinitionCheck, InvalidRequest | Unavailable>
}>()("catalog/Checks") {
  static readonly layer = Layer.effect(
    Checks,
    Effect.map(Hiring, (hiring) =>
      Checks.of({
        check: Effect.fn("Checks.check")(function* (type, definition, page) {
          yield* Effect.fromResult(isOfType(definition, type))
          return yield* hiring.check({ definition, ...page })
        }),
      })),
  )
}
