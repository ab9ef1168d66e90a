/** The SQL of triggers. A run and its line in the action log commit together or not at all. */
import { PgClient } from "@effect/sql-pg"
import { ScheduledRunId } from "@stint/domain/Ids"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { actionLogWriter } from "../ActionLog/Repo.ts"
import type { NewActionRow } from "../ActionLog/Row.ts"
import { Millis, type NewRun } from "../Model.ts"
import { Nudge } from "../Nudge.ts"
import { readPause } from "../Pauses/Repo.ts"
import { Queue } from "../Queue.ts"

/** Whether a trigger made its run, or why not. */
export type TriggerResult =
  | { readonly _tag: "Made" }
  | { readonly _tag: "Taken"; readonly scheduled_run_id: ScheduledRunId }
  | { readonly _tag: "Paused"; readonly reason: string | null }

/** The triggers' storage. */
export class TriggersRepo extends Context.Service<TriggersRepo, {
  /** Makes a run, unless its slot has one, or its goal is paused and the run not forced. A repeated request is `Made`. */
  trigger(run: NewRun, line: NewActionRow): Effect.Effect<TriggerResult>
}>()("scheduler/TriggersRepo") {
  static readonly layer = Layer.effect(
    TriggersRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const queue = yield* Queue
      const nudge = yield* Nudge
      const writeLine = yield* actionLogWriter
      const pauseOver = yield* readPause
      const runOfSlot = SqlSchema.findOne({
        Request: Schema.Struct({ goal: Schema.String, slot: Millis }),
        Result: Schema.Struct({ scheduled_run_id: ScheduledRunId }),
        execute: ({ goal, slot }) =>
          sql`select scheduled_run_id from scheduled_goal_runs
              where goal_instance_id = ${goal} and scheduled_time = ${slot}`,
      })

      const trigger = Effect.fnUntraced(
        function* (run: NewRun, line: NewActionRow) {
          const pause = yield* pauseOver(run)
          if (pause !== undefined && run.queue?.forced !== true) {
            return { _tag: "Paused", reason: pause.paused_reason } as const
          }
          yield* queue.lockGoals([run.goal_instance_id])
          const made = yield* queue.enqueue([run])
          if (made.length === 0) {
            const { scheduled_run_id } = yield* runOfSlot({ goal: run.goal_instance_id, slot: run.slot })
            return scheduled_run_id === run.scheduled_run_id
              ? { _tag: "Made" } as const
              : { _tag: "Taken", scheduled_run_id } as const
          }
          yield* writeLine(line)
          yield* nudge.inTransaction
          return { _tag: "Made" } as const
        },
        (effect) => Effect.orDie(sql.withTransaction(effect)),
      )

      return TriggersRepo.of({ trigger })
    }),
  )
}
