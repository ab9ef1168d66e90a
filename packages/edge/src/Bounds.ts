/** The bounds of a service, from its setting `STINT_BOUNDS`. */
import { Bounds, parseBounds } from "@stint/domain/Bounds"
import { Config, Effect, Layer } from "effect"
import { Refusal } from "./Refusal.ts"

/** Fills `Bounds` of the domain. A wrong setting is refused at the start, in a sentence that names it. */
export const layer = Layer.effect(
  Bounds,
  Effect.gen(function* () {
    const setting = yield* Config.String("STINT_BOUNDS").pipe(Config.withDefault(""))
    return yield* Effect.mapError(
      Effect.fromResult(parseBounds(setting)),
      (message) => new Refusal({ message }),
    )
  }),
)
