/** The slow makers by kind: the queue of makings calls them. */
import { MakerMisconfigured } from "@stint/domain/deliverables/Makings"
import type { ModelMaker } from "@stint/domain/Definition/Maker"
import { Context, Effect, Layer } from "effect"
import { Mac } from "effect/crypto"
import { makeRemote } from "./Remote.ts"
import type { SlowMaker, SlowMakersByKind } from "./SlowMaker.ts"

const noModel = (model: string) => new MakerMisconfigured({ detail: `There is no model ${model}: none is configured` })

/** The maker `model` where no models are configured. */
const withoutModels: SlowMaker<ModelMaker> = {
  place: ({ model }) => Effect.fail(noModel(model)),
  make: ({ spec }) => Effect.fail(noModel(spec.model)),
}

/** The slow makers. */
export class SlowMakers extends Context.Service<SlowMakers, SlowMakersByKind>()("deliverables/SlowMakers") {
  static readonly layer = Layer.effect(
    SlowMakers,
    Effect.map(makeRemote, (http) => SlowMakers.of({ model: withoutModels, http })),
  ).pipe(Layer.provide(Mac.layerWebCrypto))
}
