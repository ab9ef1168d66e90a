/**
 * Codes that sign one browser in, once: who has a token asks for one, and puts it into an address. In this process's memory,
 * so another replica does not know it: who asked for it asks again.
 */
import { Context, Effect, Layer, Option } from "effect"

/** How long a code holds, in milliseconds. */
const HOLDS_MS = 60_000
/** How many there may be; the oldest gives way. */
const MOST = 100

/** The codes. */
export class Codes extends Context.Service<Codes, {
  /** A new code for a token, and until when it holds, in epoch milliseconds. */
  make(token: string): Effect.Effect<{ readonly code: string; readonly until: number }>
  /** The token of a code, once. */
  take(code: string): Effect.Effect<Option.Option<string>>
}>()("gateway/Codes") {
  static readonly layer = Layer.sync(Codes, () => {
    const codes = new Map<string, { readonly token: string; readonly until: number }>()
    return Codes.of({
      make: (token) =>
        Effect.sync(() => {
          const code = crypto.getRandomValues(new Uint8Array(24)).toBase64({ alphabet: "base64url" })
          const until = Date.now() + HOLDS_MS
          if (codes.size >= MOST) codes.delete(codes.keys().next().value!)
          codes.set(code, { token, until })
          return { code, until }
        }),
      take: (code) =>
        Effect.sync(() => {
          const found = codes.get(code)
          codes.delete(code)
          return found === undefined || found.until < Date.now() ? Option.none() : Option.some(found.token)
        }),
    })
  })
}
