/** What a request carries through the service and on to the next one, and what is found out about it on its way. */
import type { Caller } from "@stint/domain/Caller"
import { Context } from "effect"
import { uuidv7 } from "./Ids.ts"

/** The id of the request that is being handled; empty outside of one. It stands in logs, problems and onward calls. */
export const RequestId = Context.Reference<string>("stint/RequestId", { defaultValue: () => "" })

/** A W3C trace: 32 hex digits, the flags byte, and the 16 hex digits of the caller's span, when a caller began it. */
export interface TraceContext {
  readonly traceId: string
  readonly flags: string
  readonly spanId?: string
}

/** The trace that the request belongs to. Undefined outside of a request. */
export const Trace = Context.Reference<TraceContext | undefined>("stint/Trace", { defaultValue: () => undefined })

/** What is found out about a request while it is handled, for the audit and the metrics. Absent: it did not come so far. */
export interface RequestFacts {
  /** What it asks for, by the contract: the group, the endpoint's name, and the path with its parameters unfilled. */
  asked?: { readonly group: string; readonly name: string; readonly path: string }
  caller?: Caller
  /** The code of the problem that answers it. */
  problem?: string
}

/** The facts of the request that is being handled; whoever learns one writes it down. */
export const Facts = Context.Reference<RequestFacts | undefined>("stint/Facts", { defaultValue: () => undefined })

const randomHex = (bytes: number) =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, "0")).join("")

/** The caller's `x-request-id` when it is one that can be logged as it is, else a new one. */
export const requestIdOf = (headers: Headers): string => {
  const given = headers.get("x-request-id")
  return given !== null && /^[A-Za-z0-9._:@|-]{1,128}$/.test(given) ? given : `req-${uuidv7(Date.now())}`
}

/** The trace of the caller's `traceparent` (W3C Trace Context, level 1), or a new one. */
export const traceOf = (headers: Headers): TraceContext => {
  const match = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(headers.get("traceparent") ?? "")
  return match === null || /^0+$/.test(match[1]!) || /^0+$/.test(match[2]!)
    ? { traceId: randomHex(16), flags: "00" }
    : { traceId: match[1]!, flags: match[3]!, spanId: match[2]! }
}

/** The `traceparent` of an onward call within a trace. */
export const traceparentOf = (trace: TraceContext): string => `00-${trace.traceId}-${randomHex(8)}-${trace.flags}`
