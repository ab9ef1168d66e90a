/** The SQL of backfills. Runs and the line in the action log commit together or not at all. */
import { PgClient } from "@effect/sql-pg"
import type { GoalInstanceId } from "@stint/domain/Ids"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { actionLogWriter } from "../ActionLog/Repo.ts"
import type { NewActionRow } from "../ActionLog/Row.ts"
import { Millis } from "../Model.ts"
import { Nudge } from "../Nudge.ts"
import { readPause } from "../Pauses/Repo.ts"
import { Queue } from "../Queue.ts"
import {
  type BackfillPlan,
  type BackfillRequest,
  outcomesOf,
  planBackfill,
  runsOf,
  type SlotOutcome,
} from "./Policy.ts"
import { StoredSlot } from "./Row.ts"

/** What was written, or why nothing was; `last_start` is when the last of its runs may start, epoch ms. */
export type BackfillResult =
  | { readonly _tag: "Done"; readonly slots: ReadonlyArray<SlotOutcome>; readonly last_start: number | null }
  | { readonly _tag: "Paused"; readonly reason: string | null }
  | { readonly _tag: "Gone" }

/** The backfills' storage. */
export class BackfillRepo extends Context.Service<BackfillRepo, {
  /** The runs of these slots of a goal. */
  stored(goal_instance_id: GoalInstanceId, slots: ReadonlyArray<number>): Effect.Effect<ReadonlyArray<StoredSlot>>
  /**
   * Queues the runs of slots that have none, or a skipped one, oldest first; the line says how many. A repetition under the
   * same line's id makes nothing, and finds the runs that it made.
   */
  backfill(request: BackfillRequest, line: NewActionRow): Effect.Effect<BackfillResult>
}>()("scheduler/BackfillRepo") {
  static readonly layer = Layer.effect(
    BackfillRepo,
    Effect.gen(function* () {
      const queue = yield* Queue
      const { stored } = yield* reads
      return BackfillRepo.of({
        stored: (goal, slots) => Effect.andThen(queue.record({ goals: [goal] }), Effect.orDie(stored({ goal, slots }))),
        backfill: yield* backfilling,
      })
    }),
  )
}

const reads = Effect.map(PgClient.PgClient, (sql) => ({
  stored: SqlSchema.findAll({
    Request: Schema.Struct({ goal: Schema.String, slots: Schema.Array(Millis) }),
    Result: StoredSlot,
    execute: ({ goal, slots }) =>
      sql`select r.scheduled_time as slot, r.scheduled_run_id, r.origin, run_status(r.status, r.reason_code, q.state, q.attempt)
            as status, r.run_metadata ->> 'reason' as reason, r.reason_code, r.run_metadata ->> 'backfill' as backfill,
            g.run_id is not null as executed, q.claimable_at
          from scheduled_goal_runs r
          left join run_queue q using (scheduled_run_id)
          left join goal_runs g using (scheduled_run_id)
          where r.goal_instance_id = ${goal}
            and r.scheduled_time = any(${slots.map((slot) => slot.toISOString())}::timestamptz[])`,
  }),
  /** The transaction's time, and whether a line of this id is in the log: then the request was done before. */
  situation: SqlSchema.findOne({
    Request: Schema.String,
    Result: Schema.Struct({ now: Millis, repeated: Schema.Boolean }),
    execute: (log_id) =>
      sql`select now() as now, exists (select from scheduler_action_log where log_id = ${log_id}) as repeated`,
  }),
}))

/** The result of a repeated request: its runs are known by the line's id. */
const repeatedOf = (plan: BackfillPlan, stored: ReadonlyArray<StoredSlot>, line: NewActionRow) => {
  const starts = stored.filter((run) => run.backfill === line.log_id).flatMap(({ claimable_at }) => claimable_at ?? [])
  return { _tag: "Done", slots: plan.there, last_start: starts.length === 0 ? null : Math.max(...starts) } as const
}

const backfilling = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const queue = yield* Queue
  const nudge = yield* Nudge
  const writeLine = yield* actionLogWriter
  const pauseOver = yield* readPause
  const { situation, stored } = yield* reads

  return Effect.fnUntraced(
    function* (request: BackfillRequest, line: NewActionRow) {
      const { forced, goal_instance_id: goal, slots } = request
      const pause = yield* pauseOver(request)
      if (pause !== undefined && !forced) return { _tag: "Paused", reason: pause.paused_reason } as const
      // whoever else decides over this goal's slots waits until these runs have committed
      if ((yield* queue.lockGoals([goal])).length === 0) return { _tag: "Gone" } as const
      const before = yield* stored({ goal, slots })
      const plan = planBackfill(slots, before, line.log_id)
      const { now, repeated } = yield* situation(line.log_id)
      if (repeated) return repeatedOf(plan, before, line)
      const { again, last_start, make } = runsOf(request, plan, line, now)
      const made = new Set<string>(make.length === 0 ? [] : yield* queue.enqueue(make))
      const requeued = new Set<string>(again.length === 0 ? [] : yield* queue.requeue(again))
      // a trigger of 0.2.0 may have made the run of a slot meanwhile: it does not lock its goal
      const lost = make.filter((run) => !made.has(run.scheduled_run_id)).map((run) => run.slot)
      const others = lost.length === 0 ? [] : yield* stored({ goal, slots: lost })
      const queued = [
        ...make.filter((run) => made.has(run.scheduled_run_id)),
        ...plan.again.filter((run) => requeued.has(run.scheduled_run_id)),
      ]
      if (queued.length > 0) {
        yield* writeLine({ ...line, action_metadata: { ...line.action_metadata, queued: queued.length } })
        yield* nudge.inTransaction
      }
      const there = [...plan.there, ...planBackfill(lost, others, undefined).there]
      return { _tag: "Done", slots: outcomesOf(there, queued), last_start } as const
    },
    (effect) => Effect.orDie(sql.withTransaction(effect)),
  )
})
