/** The targets that there are. */
import { Effect, Layer } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import { makeJournal } from "./Journal.ts"
import { Targets } from "./Target.ts"
import { makeWebhook } from "./Webhook.ts"

/** The layer of `Targets`. */
export const targets = Layer.effect(Targets, Effect.all({ journal: makeJournal, webhook: makeWebhook })).pipe(
  Layer.provide(Mac.layerWebCrypto),
  Layer.provide(SecureRandom.layerWebCrypto),
)
