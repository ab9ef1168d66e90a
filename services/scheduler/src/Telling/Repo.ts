/** The SQL of dead letters that are to be told. */
import { PgClient } from "@effect/sql-pg"
import { DeadLetterTold } from "@stint/domain/deliverables/Notices"
import { InstantColumn } from "@stint/domain/Instants"
import { readable } from "@stint/edge/Paging"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { Context, Effect, Layer, Schema } from "effect"

const Key = Schema.Struct({ dlq_id: Schema.String })
const Row = Schema.Struct({ ...DeadLetterTold.fields, first_failed_at: InstantColumn })

/** Dead letters that deliverables was not told of. */
export class TellingRepo extends Context.Service<TellingRepo, {
  /** The oldest first. `gone` are those whose customer is no longer known, or whose row can't be read: nobody is told of them. */
  untold(limit: number): Effect.Effect<{
    readonly letters: ReadonlyArray<DeadLetterTold>
    readonly gone: ReadonlyArray<string>
  }>
  /** Deliverables has taken them in. */
  told(ids: ReadonlyArray<string>): Effect.Effect<void>
}>()("scheduler/TellingRepo") {
  static readonly layer = Layer.effect(
    TellingRepo,
    Effect.map(PgClient.PgClient, (sql) => {
      const decode = decodeEach({ what: "dead letters", Key, Result: Row })
      return TellingRepo.of({
        untold: (limit) =>
          Effect.orDie(Effect.gen(function* () {
            const rows =
              yield* sql`select q.dlq_id, h.customer_id, q.goal_instance_id, q.hired_instance_id, q.first_failed_at,
                q.failure_count, left(coalesce(q.error_type, 'unknown'), 200) as error_type
              from scheduler_dlq q left join projected_hires h on h.hired_instance_id = q.hired_instance_id
              where q.told_at is null order by q.first_failed_at limit ${limit}`
            const known = rows.filter((row) => row.customer_id !== null)
            const letters = readable({ entries: yield* decode(known as ReadonlyArray<object>) })
            const named = new Set<string>(letters.map(({ dlq_id }) => dlq_id))
            return { letters, gone: rows.map((row) => String(row.dlq_id)).filter((id) => !named.has(id)) }
          })),
        told: (ids) =>
          Effect.orDie(Effect.asVoid(
            sql`update scheduler_dlq set told_at = now() where dlq_id = any(${ids}::text[]) and told_at is null`,
          )),
      })
    }),
  )
}
