/** The targets of executions by name. */
import type { ExecutionTarget } from "@stint/domain/Definition/HireSettings"
import { Context, Effect, Layer } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import { makeJournal } from "./Journal.ts"
import type { Target } from "./Target.ts"
import { makeWebhook } from "./Webhook.ts"

/** The targets by their names in `settings.execution.target`. */
export class Targets extends Context.Service<Targets, Record<ExecutionTarget, Target>>()("deliverables/Targets") {
  static readonly layer = Layer.effect(Targets, Effect.all({ journal: makeJournal, webhook: makeWebhook })).pipe(
    Layer.provide(Mac.layerWebCrypto),
    Layer.provide(SecureRandom.layerWebCrypto),
  )
}
