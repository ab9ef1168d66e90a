/** Records an answered request: a line of the audit, and its count and time in the metrics. */
import type { Audit } from "./Audit.ts"
import { uuidv7Series } from "./Ids.ts"
import type { RequestMetrics } from "./Metrics.ts"
import type { RequestFacts, TraceContext } from "./RequestContext.ts"

/** The most characters of a path's parameter that the audit takes; our ids are shorter. */
const LONGEST_ID = 200

/** A request that was answered. */
export interface Handled {
  readonly request: Request
  readonly requestId: string
  readonly trace: TraceContext
  readonly facts: RequestFacts
  readonly status: number
  /** When it arrived, in epoch milliseconds. */
  readonly at: number
  /** From its arrival to its answer, in milliseconds. */
  readonly tookMs: number
}

const nextId = uuidv7Series()

/** The value that a url has for the first parameter of a path template, decoded; null when there is none. */
export const firstParameter = (template: string, url: string): string | null => {
  const place = template.split("/").findIndex((part) => part.startsWith(":"))
  if (place === -1) return null
  // the path of an absolute url begins with the third slash, so its parts do two further on
  const value = url.split("?", 1)[0]!.split("/", place + 3)[place + 2]
  return value === undefined ? null : decodeURIComponent(value).slice(0, LONGEST_ID).toWellFormed()
}

/**
 * Records a request. The audit has no line for one that reached no endpoint of the contract: health, documentation, a
 * path that does not exist.
 */
export const recordRequest = (
  { audit, metrics }: { readonly audit: Audit["Service"]; readonly metrics: RequestMetrics },
  { at, facts, request, requestId, status, tookMs, trace }: Handled,
): void => {
  const { asked, caller, problem, route } = facts
  metrics.count(request.method, asked?.path ?? route, status, tookMs)
  if (asked === undefined) return
  audit.record({
    id: nextId(at),
    correlation_id: trace.traceId,
    causation_id: trace.spanId ?? null,
    timestamp: at,
    request_id: requestId,
    http_method: request.method,
    endpoint: asked.path,
    subject: caller?.subject ?? null,
    role: caller?.role ?? null,
    status_code: status,
    error_type: problem ?? null,
    total_latency_ms: Math.round(tookMs * 1000) / 1000,
    action: asked.name,
    resource: asked.group,
    resource_id: firstParameter(asked.path, request.url),
  })
}
