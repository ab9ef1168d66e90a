/** Canonical JSON (RFC 8785) and its SHA-256, by which an execution is held to the content that was approved. */
import canonicalize from "canonicalize"
import { Effect, Schema } from "effect"
import { Digest } from "effect/crypto"

/**
 * The canonical JSON of a value: the same text for the same content, whatever the order of its keys. Throws for a value
 * that JSON can't hold (NaN, infinities, lone surrogates, cycles, undefined); decoded JSON never is one.
 */
export const canonicalJson = (value: unknown): string => {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError("Only JSON has a canonical form")
  return text
}

const utf8 = new TextEncoder()

/** The SHA-256 of the text's UTF-8, in lower-case hex. */
export const sha256Hex = (text: string): Effect.Effect<string, never, Digest.Digest> =>
  Digest.Digest.use((digest) => digest.digestHex(Digest.sha256, utf8.encode(text)))

/** A SHA-256 as it is sent: lower-case hex. */
export const Sha256 = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))
  .annotate({ examples: ["44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"] })

/** The SHA-256 of a value's canonical JSON, which an approval stores and an execution compares (domain.md). */
export const contentSha256 = (value: unknown): Effect.Effect<string, never, Digest.Digest> =>
  Effect.suspend(() => sha256Hex(canonicalJson(value)))
