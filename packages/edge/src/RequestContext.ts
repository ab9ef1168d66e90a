/** The id and trace of a request, which calls to other services carry on, and facts about it for audit and metrics. */
import type { Caller } from "@stint/domain/Caller"
import { Context } from "effect"
import { randomHex, uuidv7 } from "./Ids.ts"

/** The id of the request that is being handled; empty outside a request. Logs, problems and calls to other services have it. */
export const RequestId = Context.Reference<string>("stint/RequestId", { defaultValue: () => "" })

/**
 * A W3C trace: its id (32 hex digits), its flags, and the caller's span (16 hex digits) and `tracestate` when the caller
 * sent them.
 */
export interface TraceContext {
  readonly traceId: string
  readonly flags: string
  readonly spanId?: string
  readonly state?: string
}

/** The trace of the request that is being handled; undefined outside a request. */
export const Trace = Context.Reference<TraceContext | undefined>("stint/Trace", { defaultValue: () => undefined })

/** Facts about a request, set while it is handled, for the audit and the metrics. A fact is absent until it is known. */
export interface RequestFacts {
  /** Whether the answer is a page for a person, also where it refuses: it is not made a problem. */
  page?: boolean
  /** The endpoint of the contract; `path` is the template of its route. */
  asked?: { readonly group: string; readonly name: string; readonly path: string }
  /** The template of its route where that is no endpoint of this service's contract: it is counted, and not audited. */
  route?: string
  caller?: Caller
  /** The bytes of its body that were read, also of one that was refused; absent when none was looked at. */
  received?: number
  /** The code of the problem in the answer. */
  problem?: string
  /** Headers of the answer, whatever it is. */
  headers?: Readonly<Record<string, string>>
  /** The trace of the request's own span, where spans are made. */
  trace?: TraceContext
  /** `Set-Cookie` lines of the answer. */
  cookies?: ReadonlyArray<string>
  /** The entity tag of what a 2xx answer shows, quotes included. */
  etag?: string
}

/** The facts of the request that is being handled; undefined outside a request. */
export const Facts = Context.Reference<RequestFacts | undefined>("stint/Facts", { defaultValue: () => undefined })

/** The caller's `x-request-id` if it can be logged as it is, else a new id. */
export const requestIdOf = (headers: Headers): string => {
  const given = headers.get("x-request-id")
  return given !== null && /^[A-Za-z0-9._:@|-]{1,128}$/.test(given) ? given : `req-${uuidv7(Date.now())}`
}

const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const isZero = (hex: string) => /^0+$/.test(hex)

/** A list member of `tracestate`: a key, perhaps with a tenant, and a value of printable ASCII without `,` and `=`. */
const member =
  /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** The caller's `tracestate` when it holds what the recommendation allows: up to 32 members of different keys. */
const traceStateOf = (given: string | null): string | undefined => {
  if (given === null || given.length > 512) return undefined
  const members = given.split(",").map((text) => text.trim()).filter((text) => text !== "")
  const keys = new Set(members.map((text) => text.split("=", 1)[0]))
  const valid = members.length > 0 && members.length <= 32 && keys.size === members.length &&
    members.every((text) => member.test(text))
  return valid ? members.join(",") : undefined
}

/**
 * The trace of the caller's `traceparent`, else a new trace (W3C Trace Context, 3.2 and 4.3). Version 00 has exactly four
 * fields; a later version may have more behind them; ff is none. Of the flags only `sampled` is known.
 */
export const traceOf = (headers: Headers): TraceContext => {
  const [, version, traceId, spanId, flags, more] = traceparent.exec(headers.get("traceparent") ?? "") ?? []
  const none = version === undefined || version === "ff" || (version === "00" && more !== undefined) ||
    isZero(traceId!) || isZero(spanId!)
  if (none) return { traceId: randomHex(16), flags: "00" }
  const state = traceStateOf(headers.get("tracestate"))
  return {
    traceId: traceId!,
    flags: Number.parseInt(flags!, 16) & 1 ? "01" : "00",
    spanId: spanId!,
    ...(state === undefined ? {} : { state }),
  }
}

/** The trace headers of a call to another service within the trace. */
export const traceHeadersOf = (trace: TraceContext): Record<string, string> => ({
  traceparent: `00-${trace.traceId}-${randomHex(8)}-${trace.flags}`,
  ...(trace.state === undefined ? {} : { tracestate: trace.state }),
})
