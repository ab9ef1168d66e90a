/** The SQL of replicas. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { ReplicaRow, Said } from "./Row.ts"

/** At most so many are listed. */
const LISTED = 200

/** The replicas' storage. */
export class ReplicasRepo extends Context.Service<ReplicasRepo, {
  /** The one that started last first. */
  readonly list: Effect.Effect<ReadonlyArray<ReplicaRow>>
  /** Notes that a replica is here, and forgets those that have been away for a day. */
  here(replica: Said): Effect.Effect<void>
  /** Forgets a replica that stopped by itself. */
  gone(replica: string): Effect.Effect<void>
}>()("scheduler/ReplicasRepo") {
  static readonly layer = Layer.effect(
    ReplicasRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const list = SqlSchema.findAll({
        Request: Schema.Void,
        Result: ReplicaRow,
        execute: () =>
          sql`select coalesce(s.replica, h.holder) as replica, s.version, s.max_running, s.started_at, s.seen_at,
                extract(epoch from now() - s.seen_at)::float8 as quiet_seconds, coalesce(h.running, 0) as running,
                h.oldest_claim, h.lease_ends
              from scheduler_replicas s full join (
                select holder, count(*)::int as running, min(claimed_at) as oldest_claim, min(leased_until) as lease_ends
                from running_runs group by holder
              ) h on h.holder = s.replica
              order by s.started_at desc nulls last, replica limit ${LISTED}`,
      })
      const here = SqlSchema.void({
        Request: Said,
        execute: ({ max_running, replica, version }) =>
          sql`with forgotten as (
                delete from scheduler_replicas where seen_at < now() - interval '1 day' and replica <> ${replica}
              )
              insert into scheduler_replicas (replica, version, max_running, started_at, seen_at)
              values (${replica}, ${version}, ${max_running}, now(), now())
              on conflict (replica) do update set seen_at = now()`,
      })
      return ReplicasRepo.of({
        list: Effect.orDie(Effect.suspend(() => list())),
        here: (replica) => Effect.orDie(here(replica)),
        gone: (replica) => Effect.orDie(sql`delete from scheduler_replicas where replica = ${replica}`),
      })
    }),
  )
}
