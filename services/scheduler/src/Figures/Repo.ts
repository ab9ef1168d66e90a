/** The SQL of figures over time: of the runs that became final in a window, by the index of their end, and of no other. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer } from "effect"
import { SqlSchema } from "effect/sql"
import { DeadLettersRow, EndedRow, Window } from "./Row.ts"

/** The figures' storage. */
export class FiguresRepo extends Context.Service<FiguresRepo, {
  /** By point, those without a run left out, and of the whole window. */
  read(window: Window): Effect.Effect<{
    readonly ended: ReadonlyArray<EndedRow>
    readonly deadLetters: DeadLettersRow
  }>
}>()("scheduler/FiguresRepo") {
  static readonly layer = Layer.effect(
    FiguresRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const ended = SqlSchema.findAll({
        Request: Window,
        Result: EndedRow,
        execute: ({ from, step, to }) =>
          sql`select point, count(*) filter (where status = 'completed')::int as completed,
                count(*) filter (where status = 'cancelled' and reason_code <> 'dead_lettered')::int as cancelled,
                count(*) filter (where reason_code = 'dead_lettered')::int as dead_lettered,
                percentile_disc(0.5) within group (order by draft_late_ms)::float8 as draft_lateness_p50_ms,
                percentile_disc(0.95) within group (order by draft_late_ms)::float8 as draft_lateness_p95_ms
              from (
                select status, reason_code, draft_late_ms,
                  floor(extract(epoch from closed_at - ${from}::timestamptz) * 1000 / ${step})::int as point
                from scheduled_goal_runs where closed_at >= ${from} and closed_at < ${to}
              ) r
              group by grouping sets ((point), ())`,
      })
      const deadLetters = SqlSchema.findOne({
        Request: Window,
        Result: DeadLettersRow,
        execute: ({ from, to }) =>
          sql`select (select count(*)::int from scheduler_dlq
                  where first_failed_at >= ${from} and first_failed_at < ${to}) as dead_letters_opened,
                (select count(*)::int from scheduler_dlq
                  where closed_at >= ${from} and closed_at < ${to}) as dead_letters_closed`,
      })
      return FiguresRepo.of({
        read: (window) =>
          Effect.orDie(Effect.all({ ended: ended(window), deadLetters: deadLetters(window) }, { concurrency: 2 })),
      })
    }),
  )
}
