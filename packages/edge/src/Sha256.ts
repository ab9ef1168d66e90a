/** SHA-256. The runtime may have a faster way than the web's, which starts a task of its thread pool for each text. */
import { Context, Effect, Layer } from "effect"
import { Digest } from "effect/crypto"
import { Hex } from "effect/encoding"

const utf8 = new TextEncoder()

/** The SHA-256 of bytes, or of a text's UTF-8, by what the runtime has; by the web's own where nothing is said. */
export const Sha256 = Context.Reference<(data: string | Uint8Array) => Effect.Effect<Uint8Array>>("stint/Sha256", {
  defaultValue: () => (data) =>
    Effect.promise(async () => {
      const bytes = typeof data === "string" ? utf8.encode(data) : new Uint8Array(data)
      return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
    }),
})

/** The SHA-256 of a text. */
export const sha256 = (text: string): Effect.Effect<Uint8Array> => Effect.flatMap(Sha256, (hash) => hash(text))

/** `Digest` by the same hash. It knows no other algorithm: asked for one it dies. */
export const digestLayer: Layer.Layer<Digest.Digest> = Layer.effect(
  Digest.Digest,
  Effect.map(Sha256, (hash) => {
    const digest = ({ name }: Digest.Algorithm, data: Uint8Array) =>
      name === "SHA-256" ? hash(data) : Effect.die(new Error(`${name} is not SHA-256`))
    return { digest, digestHex: (algorithm, data) => Effect.map(digest(algorithm, data), Hex.encode) }
  }),
)
