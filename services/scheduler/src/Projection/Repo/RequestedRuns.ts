/** Makes the runs that hiring's feed asks for: manual runs of its customers. */
import { PgClient } from "@effect/sql-pg"
import type { RunRequested } from "@stint/domain/hiring/Feed"
import { CustomerId, ScheduledRunId } from "@stint/domain/Ids"
import { Ids } from "@stint/edge/Ids"
import { DateTime, Effect, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { Queue } from "../../Queue.ts"
import { notRunnable } from "../History.ts"

/** How many milliseconds a manual run moves at most to find a free slot. */
const FREE_SLOT_TRIES = 1000

/** Makes a requested run, inside the caller's transaction; a request that has a run makes none. */
export const requestedRunWriter = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const ids = yield* Ids
  const queue = yield* Queue
  const target = SqlSchema.findOneOption({
    Request: Schema.Struct({ goal_instance_id: Schema.String, request_id: Schema.String }),
    Result: Schema.Struct({
      customer_id: CustomerId,
      runnable: Schema.Boolean,
      reason: Schema.NullOr(Schema.String),
    }),
    execute: ({ goal_instance_id, request_id }) =>
      sql`select h.customer_id, h.runnable, h.reason from projected_goals g join projected_hires h using (hired_instance_id)
          where g.goal_instance_id = ${goal_instance_id}
            and not exists (select from scheduled_goal_runs where request_id = ${request_id})`,
  })

  return Effect.fnUntraced(function* (request: RunRequested) {
    const found = yield* target(request)
    // the request has its run, or its goal was deleted since
    if (Option.isNone(found)) return
    const { customer_id, runnable } = found.value
    const asked = DateTime.toEpochMillis(request.scheduled_time)
    for (let slot = asked; slot < asked + FREE_SLOT_TRIES; slot++) {
      const made = yield* queue.enqueue([{
        scheduled_run_id: ScheduledRunId.make(yield* ids.next("SCH")),
        goal_instance_id: request.goal_instance_id,
        hired_instance_id: request.hired_instance_id,
        customer_id,
        slot,
        origin: "manual",
        request_id: request.request_id,
        run_metadata: { requested_by: request.requested_by },
        ...(runnable
          ? { queue: { serial: false, caught_up: false, forced: false, claimable_at: slot } }
          : { cancelled: notRunnable(found.value) }),
      }])
      if (made.length > 0) return
    }
    yield* Effect.logError(`no free slot for the requested run ${request.request_id}`)
  })
})
