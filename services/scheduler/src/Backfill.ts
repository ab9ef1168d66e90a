/** The rules of backfills: which slots, when, and what they come to (domain.md, "Rules: when it runs"). */
import {
  type Backfill,
  type Backfilled,
  type BackfilledSlot,
  ScheduleNotEvaluable,
} from "@stint/domain/scheduler/Backfill"
import type { Caller } from "@stint/domain/Caller"
import { SchedulerPaused } from "@stint/domain/scheduler/Controls"
import { type GoalDisabled, GoalNotFound, type HireNotRunnable } from "@stint/domain/hiring/Goals"
import type { ScheduledRunId } from "@stint/domain/Ids"
import { InvalidRequest, type Unavailable } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { Clock, Context, DateTime, Effect, Layer } from "effect"
import { countOf, MAX_SPAN, pageOf, planBackfill, type SlotOutcome } from "./Backfill/Policy.ts"
import { BackfillRepo } from "./Backfill/Repo.ts"
import { targets } from "./Controls/Target.ts"
import { ruleOfGoal } from "./Engine/Plan.ts"
import { Nudge } from "./Nudge.ts"
import { startOf } from "./Queue/Pace.ts"

/** How many slots a backfill takes unless it says. */
const DEFAULT_CAP = 1000

const refused = (path: string, message: string) =>
  new InvalidRequest({ detail: `${path} ${message}`, errors: [{ path, message }] })

const slotOf = ({ slot, ...outcome }: SlotOutcome): BackfilledSlot => ({
  scheduled_time: DateTime.makeUnsafe(slot),
  ...outcome,
})

/** Backfills. */
export class Backfills extends Context.Service<Backfills, {
  /** Queues the runs of a goal's slots in a stretch of the past; with `dry_run` only tells which. */
  backfill(
    caller: Caller,
    input: Backfill,
  ): Effect.Effect<
    Backfilled,
    | GoalNotFound
    | GoalDisabled
    | HireNotRunnable
    | ScheduleNotEvaluable
    | SchedulerPaused
    | InvalidRequest
    | Unavailable
  >
}>()("scheduler/Backfills") {
  static readonly layerNoDeps = Layer.effect(
    Backfills,
    Effect.gen(function* () {
      const repo = yield* BackfillRepo
      const ids = yield* Ids
      const nudge = yield* Nudge
      const targetOf = yield* targets

      const backfill = Effect.fn("Backfills.backfill")(function* (caller: Caller, input: Backfill) {
        const { cap = DEFAULT_CAP, dry_run = false, force = false, per_minute } = input
        const [from, to] = [DateTime.toEpochMillis(input.from), DateTime.toEpochMillis(input.to)]
        const now = yield* Clock.currentTimeMillis
        if (to > now) return yield* refused("$.to", "must not be in the future")
        if (from > to) return yield* refused("$.from", "must not be after `to`")
        if (to - from > MAX_SPAN) return yield* refused("$.from", "must be at most 366 days before `to`")
        const { goal, hire } = yield* targetOf(input.goal_instance_id)

        const { next, rule, slots } = yield* Effect.try({
          try: () => {
            const rule = ruleOfGoal(goal, hire.timezone)
            return { rule, ...pageOf(rule, from, to, cap) }
          },
          catch: (error) => new ScheduleNotEvaluable({ detail: error instanceof Error ? error.message : `${error}` }),
        })
        let matched = slots.length
        for (const part of next === undefined ? [] : countOf(rule, next, to)) {
          matched += part
          yield* Effect.yieldNow
        }
        const answer = (outcomes: ReadonlyArray<SlotOutcome>, last_start: number | null): Backfilled => ({
          matched,
          queued: outcomes.filter(({ outcome }) => outcome === "queued").length,
          slots: outcomes.map(slotOf),
          next_from: next === undefined ? null : DateTime.makeUnsafe(next),
          finishes_at: last_start === null ? null : DateTime.makeUnsafe(last_start),
          dry_run,
        })

        if (dry_run) {
          const plan = planBackfill(slots, yield* repo.stored(goal.goal_instance_id, slots), undefined)
          const would: ReadonlyArray<SlotOutcome> = [
            ...plan.make.map((slot) => ({ slot, outcome: "would_queue" as const })),
            ...plan.again.map(({ scheduled_run_id, slot }) => ({
              slot,
              outcome: "would_queue" as const,
              scheduled_run_id,
              status: "cancelled" as const,
            })),
          ]
          const outcomes = [...plan.there, ...would].sort((a, b) => a.slot - b.slot)
          return answer(outcomes, would.length === 0 ? null : startOf(now, would.length - 1, per_minute))
        }

        const log_id = yield* ids.next("LOG")
        const result = yield* repo.backfill({
          goal_instance_id: goal.goal_instance_id,
          hired_instance_id: goal.hired_instance_id,
          customer_id: goal.customer_id,
          slots,
          ids: yield* Effect.forEach(slots, () => Effect.map(ids.next("SCH"), (id) => id as ScheduledRunId)),
          forced: force,
          per_minute,
        }, {
          log_id,
          action: "backfill",
          operator: caller.subject,
          goal_instance_id: goal.goal_instance_id,
          reason: input.reason ?? null,
          action_metadata: {
            from: DateTime.formatIso(input.from),
            to: DateTime.formatIso(input.to),
            matched,
            hired_instance_id: goal.hired_instance_id,
            force,
            ...(per_minute === undefined ? {} : { per_minute }),
          },
        })
        switch (result._tag) {
          case "Gone":
            return yield* new GoalNotFound({ detail: goal.goal_instance_id })
          case "Paused":
            return yield* new SchedulerPaused({
              detail: "Resume it, or send force: true",
              paused_reason: result.reason,
            })
          case "Done": {
            const done = answer(result.slots, result.last_start)
            if (done.queued > 0) yield* nudge.here
            return done
          }
        }
      })

      return Backfills.of({ backfill })
    }),
  )
}
