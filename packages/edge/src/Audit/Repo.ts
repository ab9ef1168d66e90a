/** The storage of audit lines: `gateway_audit_logs`. */
import { PgClient } from "@effect/sql-pg"
import type { Role } from "@stint/domain/Caller"
import { isoOf } from "@stint/domain/Instants"
import { RETENTION } from "@stint/domain/Retention"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** A request, as the audit has it. It holds no body, no header and no query string. */
export interface AuditLine {
  /** A time-ordered uuid. */
  readonly id: string
  /** The W3C trace id. */
  readonly correlation_id: string
  /** The span id of the caller; null when the trace begins here. */
  readonly causation_id: string | null
  /** When the request arrived, in epoch milliseconds. */
  readonly timestamp: number
  readonly service: string
  readonly request_id: string
  readonly http_method: string
  /** The template of the route. */
  readonly endpoint: string
  /** Null when nobody was authenticated. */
  readonly subject: string | null
  readonly role: Role | null
  readonly status_code: number
  /** The code of the problem that answered it. */
  readonly error_type: string | null
  readonly total_latency_ms: number
  readonly action: string | null
  readonly resource: string | null
  readonly resource_id: string | null
}

const Count = Schema.Struct({ n: Schema.Int })

/** The audit lines of one service. */
export class AuditRepo extends Context.Service<AuditRepo, {
  /** Inserts lines; a line whose id is there already is skipped. */
  append(lines: ReadonlyArray<AuditLine>): Effect.Effect<void>
  /** How many lines are past their retention. */
  readonly expired: Effect.Effect<number>
  /** Deletes up to `limit` lines past their retention; how many it deleted. */
  prune(limit: number): Effect.Effect<number>
}>()("edge/AuditRepo") {
  static readonly layer = Layer.effect(
    AuditRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const old = sql`timestamp < now() - make_interval(days => ${RETENTION.auditLines})`
      const expired = SqlSchema.findOne({
        Request: Schema.Void,
        Result: Count,
        execute: () => sql`select count(*)::int as n from gateway_audit_logs where ${old}`,
      })
      // no row locks: the role may not update. Of two replicas that choose the same rows one deletes them
      const prune = SqlSchema.findOne({
        Request: Schema.Int,
        Result: Count,
        execute: (limit) =>
          sql`with gone as (delete from gateway_audit_logs where ctid = any (array(
                select ctid from gateway_audit_logs where ${old} order by timestamp limit ${limit})) returning 1)
              select count(*)::int as n from gone`,
      })
      return AuditRepo.of({
        append: (lines) => {
          const rows = lines.map((line) => ({ ...line, timestamp: isoOf(line.timestamp) }))
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
        expired: Effect.orDie(Effect.map(expired(undefined), ({ n }) => n)),
        prune: (limit) => Effect.orDie(Effect.map(prune(limit), ({ n }) => n)),
      })
    }),
  )

  /** For a catalog without a database: no line is kept, since nothing would read it. */
  static readonly layerMemory = Layer.succeed(AuditRepo, {
    append: () => Effect.void,
    expired: Effect.succeed(0),
    prune: () => Effect.succeed(0),
  })
}
