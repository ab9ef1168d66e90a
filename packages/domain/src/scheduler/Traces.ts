/** The trace of a run: derived from its idempotency key, so that every attempt, redrive and delivery of it has the same one. */
import { Effect } from "effect"
import type { Digest } from "effect/crypto"
import { sha256Hex } from "../Canonical.ts"

/** Where the spans of a run hang: its trace, and the id of the span above them, which nobody sends. */
export interface RunTrace {
  readonly traceId: string
  readonly spanId: string
}

/** The trace of the run of this key (`runKey`). */
export const runTrace = (key: string): Effect.Effect<RunTrace, never, Digest.Digest> =>
  Effect.map(sha256Hex(`trace\n${key}`), (hex) => ({ traceId: hex.slice(0, 32), spanId: hex.slice(32, 48) }))
