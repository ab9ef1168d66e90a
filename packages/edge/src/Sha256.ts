/** SHA-256. The runtime may have a faster way than the web's, which starts a task of its thread pool for each text. */
import { Context, Effect } from "effect"

const utf8 = new TextEncoder()

/** The SHA-256 of a text's UTF-8, by what the runtime has; by the web's own where nothing is said. */
export const Sha256 = Context.Reference<(text: string) => Effect.Effect<Uint8Array>>("stint/Sha256", {
  defaultValue: () => (text) =>
    Effect.promise(async () => new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(text)))),
})

/** The SHA-256 of a text. */
export const sha256 = (text: string): Effect.Effect<Uint8Array> => Effect.flatMap(Sha256, (digest) => digest(text))
