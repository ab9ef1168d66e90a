/** What a request carries through the service and on to the next one: its request id and its trace. */
import { Context } from "effect"
import { uuidv7 } from "./Ids.ts"

/** The id of the request that is being handled; empty outside of one. It stands in logs, problems and onward calls. */
export const RequestId = Context.Reference<string>("stint/RequestId", { defaultValue: () => "" })

/** The W3C trace that the request belongs to: 32 hex digits, and the flags byte. Undefined outside of a request. */
export const Trace = Context.Reference<{ readonly traceId: string; readonly flags: string } | undefined>(
  "stint/Trace",
  {
    defaultValue: () => undefined,
  },
)

const randomHex = (bytes: number) =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, "0")).join("")

/** The caller's `x-request-id` when it is one that can be logged as it is, else a new one. */
export const requestIdOf = (headers: Headers): string => {
  const given = headers.get("x-request-id")
  return given !== null && /^[A-Za-z0-9._:@|-]{1,128}$/.test(given) ? given : `req-${uuidv7(Date.now())}`
}

/** The trace of the caller's `traceparent` (W3C Trace Context, level 1), or a new one. */
export const traceOf = (headers: Headers): { readonly traceId: string; readonly flags: string } => {
  const match = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(headers.get("traceparent") ?? "")
  return match === null || /^0+$/.test(match[1]!) || /^0+$/.test(match[2]!)
    ? { traceId: randomHex(16), flags: "00" }
    : { traceId: match[1]!, flags: match[3]! }
}

/** The `traceparent` of an onward call within a trace. */
export const traceparentOf = (trace: { readonly traceId: string; readonly flags: string }): string =>
  `00-${trace.traceId}-${randomHex(8)}-${trace.flags}`
