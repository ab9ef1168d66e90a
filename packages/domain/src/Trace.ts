/** Places in traces, by the ids of W3C Trace Context. */
import { Schema } from "effect"

/** A W3C trace id: 32 lower-case hex digits. */
export const TraceId = Schema.String.check(Schema.isPattern(/^[0-9a-f]{32}$/))
  .annotate({ examples: ["4bf92f3577b34da6a3ce929d0e0e4736"] })

/** The id of a span in its trace: 16 lower-case hex digits. */
export const SpanId = Schema.String.check(Schema.isPattern(/^[0-9a-f]{16}$/))
  .annotate({ examples: ["00f067aa0ba902b7"] })

/** A span. */
export const SpanRef = Schema.Struct({ trace_id: TraceId, span_id: SpanId })
export type SpanRef = typeof SpanRef.Type
