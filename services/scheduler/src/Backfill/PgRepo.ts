/** Backfills on Postgres. */
import { PgClient } from "@effect/sql-pg"
import { ScheduledRunId } from "@stint/domain/Ids"
import { JsonObject } from "@stint/domain/Protocol"
import { ReasonCode, RunOrigin, ScheduledRunStatus } from "@stint/domain/scheduler/Runs"
import { Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { type AuditLine, auditWrites } from "../Audit/Repo.ts"
import { pauseReads } from "../Controls/PgRepo.ts"
import { Millis } from "../Model.ts"
import { Nudge } from "../Nudge.ts"
import { Queue } from "../Queue.ts"
import { planBackfill } from "./Policy.ts"
import { BackfillRepo, type BackfillRequest, outcomesOf, repeatedOf, runsOf } from "./Repo.ts"

/** The layer of `BackfillRepo` on Postgres. */
export const layerPg = Layer.effect(
  BackfillRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const { enqueue: insert, lockGoals, requeue } = yield* Queue
    const nudge = yield* Nudge
    const audit = yield* auditWrites
    const pauseOver = yield* pauseReads
    const stored = SqlSchema.findAll({
      Request: Schema.Any,
      Result: Schema.Struct({
        slot: Millis,
        scheduled_run_id: ScheduledRunId,
        origin: RunOrigin,
        status: ScheduledRunStatus,
        run_metadata: JsonObject,
        reason_code: Schema.NullOr(ReasonCode),
        dead: Schema.Boolean,
        held: Schema.Boolean,
        attempt: Schema.Int,
        executed: Schema.Boolean,
        claimable_at: Schema.NullOr(Millis),
      }),
      execute: ([goal, slots]: [string, ReadonlyArray<number>]) =>
        sql`select r.scheduled_time as slot, r.scheduled_run_id, r.origin, r.status, r.run_metadata, r.reason_code,
              r.dlq_id is not null as dead, coalesce(q.state = 'held', false) as held, coalesce(q.attempt, 0) as attempt,
              g.run_id is not null as executed, q.claimable_at
            from scheduled_goal_runs r
            left join run_queue q using (scheduled_run_id)
            left join goal_runs g using (scheduled_run_id)
            where r.goal_instance_id = ${goal}
              and r.scheduled_time = any(${slots.map((slot) => new Date(slot).toISOString())}::timestamptz[])`,
    })

    const backfill = Effect.fnUntraced(
      function* (request: BackfillRequest, line: AuditLine) {
        const { forced, goal_instance_id, slots } = request
        const stop = yield* pauseOver(request)
        if (stop !== undefined && !forced) return { _tag: "Paused", reason: stop.paused_reason } as const
        // whoever decides over this goal's slots waits until these are in
        if ((yield* lockGoals([goal_instance_id])).length === 0) return { _tag: "Gone" } as const
        const before = yield* stored([goal_instance_id, slots])
        const plan = planBackfill(slots, before, line.log_id)
        const repeated = yield* sql`select from scheduler_action_log where log_id = ${line.log_id}`
        if (repeated.length > 0) return repeatedOf(plan, before, line)
        const [clock] = yield* sql<{ now: Date }>`select now() as now`
        const { again, last_start, make } = runsOf(request, plan, line, clock!.now.getTime())
        const made = new Set(make.length === 0 ? [] : yield* insert(make))
        const back = new Set(again.length === 0 ? [] : yield* requeue(again))
        // a trigger may have been faster over a slot: it does not lock its goal
        const lost = make.filter((run) => !made.has(run.scheduled_run_id)).map((run) => run.slot)
        const others = lost.length === 0 ? [] : yield* stored([goal_instance_id, lost])
        const queued = [
          ...make.filter((run) => made.has(run.scheduled_run_id)),
          ...plan.again.filter((run) => back.has(run.scheduled_run_id)),
        ].map(({ scheduled_run_id, slot }) => ({ scheduled_run_id, slot }))
        if (queued.length > 0) {
          yield* audit({ ...line, action_metadata: { ...line.action_metadata, queued: queued.length } })
          yield* nudge.inTransaction
        }
        const there = [...plan.there, ...planBackfill(lost, others, undefined).there]
        return { _tag: "Done", slots: outcomesOf(there, queued), last_start } as const
      },
      (effect) => Effect.orDie(sql.withTransaction(effect)),
    )

    return BackfillRepo.of({
      stored: (goal, slots) => Effect.orDie(stored([goal, slots])),
      backfill,
    })
  }),
)
