/** The SQL of outcomes. */
import { PgClient } from "@effect/sql-pg"
import { RunCounts } from "@stint/domain/RunCounts"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { Millis } from "../Model.ts"
import { Queue } from "../Queue.ts"
import { areSomeUnrecorded } from "../Queue/Repo/Unrecorded.ts"

/** A hire, or a customer. */
export type Whose = { readonly hire: string } | { readonly customer: string }

/** How often runs are counted at most until none stands in the queue alone, as a list of runs does. */
const LOOKS = 3

/** The runs of a period. */
export class OutcomesRepo extends Context.Service<OutcomesRepo, {
  /** How many runs with slots in [from, to), in epoch milliseconds, stand how. */
  count(whose: Whose, from: number, to: number): Effect.Effect<RunCounts>
}>()("scheduler/OutcomesRepo") {
  static readonly layer = Layer.effect(
    OutcomesRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const queue = yield* Queue
      const one = (status: string) => sql`count(*) filter (where status = ${status})::int as ${sql(status)}`
      const counting = (whose: Whose) =>
        SqlSchema.findOne({
          Request: Schema.Struct({ from: Millis, to: Millis }),
          Result: Schema.Struct({ ...RunCounts.fields, unrecorded: Schema.Boolean }),
          execute: ({ from, to }) =>
            sql`
              select ${sql.csv(Object.keys(RunCounts.fields).map(one))}, ${areSomeUnrecorded(sql, whose)} as unrecorded
              from (
                select run_status(r.status, r.reason_code, q.state, q.attempt) as status
                from scheduled_goal_runs r left join run_queue q using (scheduled_run_id)
                where ${
              "hire" in whose ? sql`r.hired_instance_id = ${whose.hire}` : sql`r.customer_id = ${whose.customer}`
            }
                  and r.scheduled_time >= ${from} and r.scheduled_time < ${to}) runs`,
        })
      return OutcomesRepo.of({
        count: Effect.fnUntraced(function* (whose, from, to) {
          const count = counting(whose)
          let { unrecorded, ...runs } = yield* count({ from, to })
          for (let looks = 1; looks < LOOKS && unrecorded; looks++) {
            yield* queue.record(whose)
            ;({ unrecorded, ...runs } = yield* count({ from, to }))
          }
          return runs
        }, Effect.orDie),
      })
    }),
  )
}
