/** The service that the catalog calls: hiring, which knows who uses a definition. */
import { serviceApi } from "@stint/domain/ServiceApi"
import { type CheckRequest, type DefinitionCheck, DefinitionsInUseGroup } from "@stint/domain/hiring/DefinitionsInUse"
import type { InvalidRequest, Unavailable } from "@stint/domain/Problem"
import * as Client from "@stint/edge/Client"
import { Context, Effect, Layer } from "effect"

/** Live hires, as hiring has them. */
export class Hiring extends Context.Service<Hiring, {
  /** A page of the live hires of the definition's type, held to it. */
  check(request: CheckRequest): Effect.Effect<DefinitionCheck, InvalidRequest | Unavailable>
}>()("catalog/Hiring") {
  /** Hiring over HTTP: an answer within 10 seconds, since a page may have a thousand goals; or Unavailable. */
  static readonly layer = Layer.effect(
    Hiring,
    Effect.gen(function* () {
      const client = yield* Client.make(serviceApi("hiring", DefinitionsInUseGroup), {
        name: "hiring",
        deadline: "10 seconds",
      })
      return Hiring.of({
        check: (payload) =>
          client.definitionsInUse.check({ payload }).pipe(
            Effect.catchIf((error) => error._tag !== "InvalidRequest", Client.unavailable("hiring")),
          ),
      })
    }),
  )
}
