/** What a handled request leaves behind: its line in the audit, and its part in the metrics. */
import type { Audit } from "./Audit.ts"
import { uuidv7Series } from "./Ids.ts"
import type { RequestMetrics } from "./Metrics.ts"
import type { RequestFacts, TraceContext } from "./RequestContext.ts"

/** How long a parameter of a path may be in the audit; ids of ours are shorter. */
const LONGEST_ID = 200

/** A request that was answered. */
export interface Handled {
  readonly request: Request
  readonly requestId: string
  readonly trace: TraceContext
  readonly facts: RequestFacts
  readonly status: number
  /** When it came, epoch milliseconds. */
  readonly at: number
  /** How long it took, in milliseconds. */
  readonly tookMs: number
}

const nextId = uuidv7Series()

/** The value of a template's first parameter in a url, decoded. */
export const firstParameter = (template: string, url: string): string | null => {
  const place = template.split("/").findIndex((part) => part.startsWith(":"))
  if (place === -1) return null
  // the path of an absolute url begins with the third slash, so its parts do two further on
  const value = url.split("?", 1)[0]!.split("/", place + 3)[place + 2]
  return value === undefined ? null : decodeURIComponent(value).slice(0, LONGEST_ID).toWellFormed()
}

/**
 * Leaves what a request leaves behind. One that reached no endpoint of the contract (health, documentation, a path that
 * does not exist) has no line: there is no saying what was asked.
 */
export const leaveBehind = (
  { audit, metrics }: { readonly audit: Audit["Service"]; readonly metrics: RequestMetrics },
  { at, facts, request, requestId, status, tookMs, trace }: Handled,
): void => {
  const { asked, caller, problem } = facts
  metrics.count(request.method, asked?.path, status, tookMs)
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
