/** Seals what a cookie holds, with a key of the gateway's own: any replica that has the key reads it, and nobody else. */
import { Files } from "@stint/edge/Files"
import { Refusal } from "@stint/edge/Refusal"
import { Config, Context, Effect, Layer, Option, Result } from "effect"
import { Base64Url } from "effect/encoding"
import { EncryptJWT, jwtDecrypt } from "jose"

/** How many bytes a key has (A256GCM). */
const KEY_BYTES = 32

/** How many texts are remembered with what was sealed in them. */
const KNOWN = 1_000

/** The keys of a file: base64url of 32 bytes, a line each; undefined when one is none. */
const keysOf = (text: string): ReadonlyArray<Uint8Array> | undefined => {
  const keys = text.split("\n").map((line) => line.trim()).filter((line) => line !== "")
    .map((line) => Option.getOrUndefined(Result.getSuccess(Base64Url.decode(line))))
  return keys.length > 0 && keys.every((key) => key?.length === KEY_BYTES)
    ? keys as ReadonlyArray<Uint8Array>
    : undefined
}

/** What is sealed is for one use only: a sign-in that has begun is no session. */
export type Use = "session" | "sign-in"

/** Seals and opens. */
export class Seal extends Context.Service<Seal, {
  /** Encrypted and authenticated text, which opens until `until`, in epoch seconds. */
  close(use: Use, content: Record<string, unknown>, until: number): Effect.Effect<string>
  /** What was sealed for that use; none for anything else, and for what is past its time. */
  open(use: Use, text: string): Effect.Effect<Option.Option<unknown>>
}>()("gateway/Seal") {
  /**
   * The keys are those of the file `STINT_SESSION_KEY_FILE`: the first seals, each opens, so that a key can be replaced.
   * Fails with a Refusal when there are none.
   */
  static readonly layer = Layer.effect(
    Seal,
    Effect.gen(function* () {
      const files = yield* Files
      const path = yield* Config.String("STINT_SESSION_KEY_FILE")
      const text = yield* Effect.mapError(
        files.read(path),
        ({ why }) => new Refusal({ message: `STINT_SESSION_KEY_FILE can't be read: ${why}` }),
      )
      const keys = keysOf(text)
      if (keys === undefined) {
        return yield* new Refusal({
          message: "STINT_SESSION_KEY_FILE must hold keys of 32 bytes as base64url, a line each",
        })
      }
      const opened = (use: Use, text: string, key: Uint8Array) =>
        Effect.map(
          Effect.promise(() =>
            jwtDecrypt(text, key, {
              audience: use,
              requiredClaims: ["exp"],
              keyManagementAlgorithms: ["dir"],
              contentEncryptionAlgorithms: ["A256GCM"],
            }).then(({ payload }) => payload, () => undefined)
          ),
          Option.fromUndefinedOr,
        )
      // a page sends the same cookie with each request
      const known = new Map<string, { readonly content: unknown; readonly exp: number }>()
      const remember = (name: string, content: unknown, exp: number) => {
        if (known.size >= KNOWN) known.delete(known.keys().next().value!)
        known.set(name, { content, exp })
      }
      return Seal.of({
        close: (use, content, until) =>
          Effect.promise(() =>
            new EncryptJWT({ content }).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).setAudience(use)
              .setExpirationTime(until).encrypt(keys[0]!)
          ),
        open: Effect.fnUntraced(function* (use, text) {
          const name = `${use} ${text}`
          const before = known.get(name)
          if (before !== undefined && before.exp > Date.now() / 1000) return Option.some(before.content)
          for (const key of keys) {
            const payload = yield* opened(use, text, key)
            if (Option.isNone(payload)) continue
            remember(name, payload.value.content, payload.value.exp!)
            return Option.some(payload.value.content)
          }
          return Option.none()
        }),
      })
    }),
  )
}
