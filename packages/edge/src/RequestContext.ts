/** The id and trace of a request, which calls to other services carry on, and facts about it for audit and metrics. */
import type { Caller } from "@stint/domain/Caller"
import { Context } from "effect"
import { uuidv7 } from "./Ids.ts"

/** The id of the request that is being handled; empty outside a request. Logs, problems and calls to other services have it. */
export const RequestId = Context.Reference<string>("stint/RequestId", { defaultValue: () => "" })

/** A W3C trace: its id (32 hex digits), its flags, and the caller's span (16 hex digits) when the caller sent one. */
export interface TraceContext {
  readonly traceId: string
  readonly flags: string
  readonly spanId?: string
}

/** The trace of the request that is being handled; undefined outside a request. */
export const Trace = Context.Reference<TraceContext | undefined>("stint/Trace", { defaultValue: () => undefined })

/** Facts about a request, set while it is handled, for the audit and the metrics. A fact is absent until it is known. */
export interface RequestFacts {
  /** The endpoint of the contract; `path` is the template of its route. */
  asked?: { readonly group: string; readonly name: string; readonly path: string }
  caller?: Caller
  /** The code of the problem in the answer. */
  problem?: string
}

/** The facts of the request that is being handled; undefined outside a request. */
export const Facts = Context.Reference<RequestFacts | undefined>("stint/Facts", { defaultValue: () => undefined })

const randomHex = (bytes: number) =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, "0")).join("")

/** The caller's `x-request-id` if it can be logged as it is, else a new id. */
export const requestIdOf = (headers: Headers): string => {
  const given = headers.get("x-request-id")
  return given !== null && /^[A-Za-z0-9._:@|-]{1,128}$/.test(given) ? given : `req-${uuidv7(Date.now())}`
}

/** The trace of the caller's `traceparent` (W3C Trace Context, level 1), else a new trace. */
export const traceOf = (headers: Headers): TraceContext => {
  const match = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(headers.get("traceparent") ?? "")
  return match === null || /^0+$/.test(match[1]!) || /^0+$/.test(match[2]!)
    ? { traceId: randomHex(16), flags: "00" }
    : { traceId: match[1]!, flags: match[3]!, spanId: match[2]! }
}

/** The `traceparent` of a call to another service within the trace. */
export const traceparentOf = (trace: TraceContext): string => `00-${trace.traceId}-${randomHex(8)}-${trace.flags}`
