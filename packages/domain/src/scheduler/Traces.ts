/** The trace of a run: derived from its idempotency key, so that every attempt, redrive and delivery of it has the same one. */
import { Effect, Schema } from "effect"
import type { Digest } from "effect/crypto"
import { sha256Hex } from "../Canonical.ts"

/** A W3C trace id: 32 lower-case hex digits. */
export const TraceId = Schema.String.check(Schema.isPattern(/^[0-9a-f]{32}$/))
  .annotate({ examples: ["4bf92f3577b34da6a3ce929d0e0e4736"] })

/** Where the spans of a run hang: its trace, and the id of the span above them, which nobody sends. */
export interface RunTrace {
  readonly traceId: string
  readonly spanId: string
}

/** The trace of the run of this key (`runKey`). */
export const runTrace = (key: string): Effect.Effect<RunTrace, never, Digest.Digest> =>
  Effect.map(sha256Hex(`trace\n${key}`), (hex) => ({ traceId: hex.slice(0, 32), spanId: hex.slice(32, 48) }))
