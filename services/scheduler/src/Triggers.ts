/** Triggers: a run of a goal that an operator asks for (domain.md, "Rules: when it runs"). */
import type { Caller } from "@stint/domain/Caller"
import type { GoalDisabled, GoalNotFound, HireNotRunnable } from "@stint/domain/hiring/Goals"
import { type GoalInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import type { Unavailable } from "@stint/domain/Problem"
import { SchedulerPaused } from "@stint/domain/scheduler/Pauses"
import { SlotTaken, type Trigger, type Triggered } from "@stint/domain/scheduler/Triggers"
import { Ids } from "@stint/edge/Ids"
import { Context, DateTime, Effect, Layer } from "effect"
import { Nudge } from "./Nudge.ts"
import { Projection } from "./Projection.ts"
import { TriggersRepo } from "./Triggers/Repo.ts"

/** Triggers. */
export class Triggers extends Context.Service<Triggers, {
  /** Makes a run of a goal: now, of a past slot, or of a future one. */
  trigger(
    caller: Caller,
    goal: GoalInstanceId,
    input: Trigger,
  ): Effect.Effect<Triggered, GoalNotFound | GoalDisabled | HireNotRunnable | SchedulerPaused | SlotTaken | Unavailable>
}>()("scheduler/Triggers") {
  static readonly layer = Layer.effect(
    Triggers,
    Effect.gen(function* () {
      const repo = yield* TriggersRepo
      const projection = yield* Projection
      const ids = yield* Ids
      const nudge = yield* Nudge

      const trigger = Effect.fn("Triggers.trigger")(function* (caller: Caller, id: GoalInstanceId, input: Trigger) {
        const { goal } = yield* projection.runnable(id)
        const force = input.force ?? false
        const slot = input.scheduled_time === undefined
          ? yield* ids.instant
          : DateTime.toEpochMillis(input.scheduled_time)
        const scheduled_run_id = ScheduledRunId.make(yield* ids.next("SCH"))
        const scheduled_time = DateTime.makeUnsafe(slot)
        const { customer_id, goal_instance_id, hired_instance_id } = goal
        const result = yield* repo.trigger({
          scheduled_run_id,
          goal_instance_id,
          hired_instance_id,
          customer_id,
          slot,
          origin: "trigger",
          request_id: null,
          run_metadata: { triggered_by: caller.subject },
          queue: { serial: false, caught_up: false, forced: force, claimable_at: slot },
        }, {
          log_id: yield* ids.next("LOG"),
          action: "trigger",
          operator: caller.subject,
          goal_instance_id,
          reason: input.reason ?? null,
          action_metadata: { scheduled_time: DateTime.formatIso(scheduled_time), force, hired_instance_id },
        })
        switch (result._tag) {
          case "Paused":
            return yield* new SchedulerPaused({
              detail: "Resume it, or send force: true",
              paused_reason: result.reason,
            })
          case "Taken":
            return yield* new SlotTaken({
              detail: `The run of ${DateTime.formatIso(scheduled_time)} is ${result.scheduled_run_id}; ` +
                "if it was skipped, a backfill queues it again",
              scheduled_run_id: result.scheduled_run_id,
            })
          case "Made":
            yield* nudge.here
            return { status: "triggered" as const, goal_instance_id, scheduled_time, scheduled_run_id }
        }
      })

      return Triggers.of({ trigger })
    }),
  )
}
