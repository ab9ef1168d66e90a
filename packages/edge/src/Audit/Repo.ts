/** Where the lines of the audit are kept: `gateway_audit_logs`. */
import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Effect, Layer } from "effect"
import type { Role } from "@stint/domain/Caller"

/** How long a line is kept, in days (domain.md, "Retention"). */
export const KEEP_DAYS = 90
/** How many lines the memory storage keeps: what is forgotten anyway need not grow without end. */
const MEMORY_LINES = 10_000

/** A request, as the audit has it. No body, no header and no query string is in it. */
export interface AuditLine {
  /** A time-ordered uuid. */
  readonly id: string
  /** The W3C trace. */
  readonly correlation_id: string
  /** The caller's span. */
  readonly causation_id: string | null
  /** When it came, epoch milliseconds. */
  readonly timestamp: number
  readonly service: string
  readonly request_id: string
  readonly http_method: string
  /** The route's template. */
  readonly endpoint: string
  /** Null when nobody was authenticated. */
  readonly subject: string | null
  readonly role: Role | null
  readonly status_code: number
  /** The problem's code. */
  readonly error_type: string | null
  readonly total_latency_ms: number
  readonly action: string | null
  readonly resource: string | null
  readonly resource_id: string | null
}

/** The lines of one service. */
export class AuditRepo extends Context.Service<AuditRepo, {
  /** Adds lines; those that are there already are left as they are. */
  append(lines: ReadonlyArray<AuditLine>): Effect.Effect<void>
  /** How many lines are past their time. */
  readonly expired: Effect.Effect<number>
  /** Removes up to `limit` lines that are past their time; how many went. */
  prune(limit: number): Effect.Effect<number>
}>()("edge/AuditRepo") {
  static readonly layerPg = Layer.effect(
    AuditRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const old = sql`timestamp < now() - make_interval(days => ${KEEP_DAYS})`
      return AuditRepo.of({
        append: (lines) => {
          const rows = lines.map((line) => ({ ...line, timestamp: new Date(line.timestamp).toISOString() }))
          return Effect.orDie(Effect.asVoid(sql`
            insert into gateway_audit_logs (id, correlation_id, causation_id, timestamp, service, request_id, http_method,
              endpoint, subject, role, status_code, error_type, total_latency_ms, action, resource, resource_id)
            select id, correlation_id, causation_id, timestamp, service, request_id, http_method,
              endpoint, subject, role, status_code, error_type, total_latency_ms, action, resource, resource_id
            from json_to_recordset(${JSON.stringify(rows)}::json) as x (id uuid, correlation_id varchar,
              causation_id varchar, timestamp timestamptz, service varchar, request_id varchar, http_method varchar,
              endpoint varchar, subject varchar, role varchar, status_code integer, error_type varchar,
              total_latency_ms float8, action varchar, resource varchar, resource_id varchar)
            on conflict (id) do nothing`))
        },
        expired: Effect.orDie(Effect.map(
          sql<{ n: number }>`select count(*)::int as n from gateway_audit_logs where ${old}`,
          (rows) => rows[0]!.n,
        )),
        // no lock: the role may not update. What two replicas pick at once, the second finds gone
        prune: (limit) =>
          Effect.orDie(Effect.map(
            sql<{ n: number }>`with gone as (delete from gateway_audit_logs where ctid = any (array(
                select ctid from gateway_audit_logs where ${old} order by timestamp limit ${limit})) returning 1)
              select count(*)::int as n from gone`,
            (rows) => rows[0]!.n,
          )),
      })
    }),
  )

  static readonly layerMemory = Layer.sync(AuditRepo, () => {
    const lines = new Map<string, AuditLine>()
    const past = Effect.map(
      Clock.currentTimeMillis,
      (now) => [...lines.values()].filter((line) => line.timestamp < now - KEEP_DAYS * 86_400_000),
    )
    return AuditRepo.of({
      append: (more) =>
        Effect.sync(() => {
          for (const line of more) if (!lines.has(line.id)) lines.set(line.id, line)
          for (const id of lines.keys()) {
            if (lines.size <= MEMORY_LINES) break
            lines.delete(id)
          }
        }),
      expired: Effect.map(past, (old) => old.length),
      prune: (limit) =>
        Effect.map(past, (old) => {
          const gone = old.slice(0, limit)
          for (const { id } of gone) lines.delete(id)
          return gone.length
        }),
    })
  })
}
