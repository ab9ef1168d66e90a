/** The slow makers by kind: the queue of makings calls them. */
import { Context, Effect, Layer } from "effect"
import { Mac } from "effect/crypto"
import { makeModel } from "./Model.ts"
import { makeRemote } from "./Remote.ts"
import type { SlowMakersByKind } from "./SlowMaker.ts"

/** The slow makers. */
export class SlowMakers extends Context.Service<SlowMakers, SlowMakersByKind>()("deliverables/SlowMakers") {
  static readonly layer = Layer.effect(SlowMakers, Effect.all({ model: makeModel, http: makeRemote })).pipe(
    Layer.provide(Mac.layerWebCrypto),
  )
}
