/** Backfills: which past slots get a run, and when it starts (domain.md, "Rules: when it runs"). */
import type { Caller } from "@stint/domain/Caller"
import { type GoalDisabled, GoalNotFound, type HireNotRunnable } from "@stint/domain/hiring/Goals"
import { ScheduledRunId } from "@stint/domain/Ids"
import { InvalidRequest, type Unavailable } from "@stint/domain/Problem"
import { type Backfill, type Backfilled, ScheduleNotEvaluable } from "@stint/domain/scheduler/Backfill"
import { SchedulerPaused } from "@stint/domain/scheduler/Pauses"
import { Ids } from "@stint/edge/Ids"
import { Clock, Context, DateTime, Effect, Layer } from "effect"
import { countOf, MAX_SPAN, pageOf, planBackfill, previewOf, type SlotOutcome } from "./Backfill/Policy.ts"
import { BackfillRepo } from "./Backfill/Repo.ts"
import { ruleOfGoal } from "./Timeline.ts"
import { Nudge } from "./Nudge.ts"
import { Projection } from "./Projection.ts"
import type { ProjectedGoal } from "./Projection/Repo.ts"
import { startOf } from "./Queue/Stagger.ts"

/** How many slots a backfill covers at most, unless it says. */
const DEFAULT_CAP = 1000

const invalid = (path: string, message: string) =>
  new InvalidRequest({ detail: `${path} ${message}`, errors: [{ path, message }] })

/** The slots that a request covers: a page of them, the first one beyond it, and how many there are in all. */
interface Covered {
  readonly slots: ReadonlyArray<number>
  readonly next: number | undefined
  readonly matched: number
}

const answerOf = (
  { matched, next }: Covered,
  dry_run: boolean,
  outcomes: ReadonlyArray<SlotOutcome>,
  last_start: number | null,
): Backfilled => ({
  matched,
  queued: outcomes.filter(({ outcome }) => outcome === "queued").length,
  slots: outcomes.map(({ slot, ...outcome }) => ({ scheduled_time: DateTime.makeUnsafe(slot), ...outcome })),
  next_from: next === undefined ? null : DateTime.makeUnsafe(next),
  finishes_at: last_start === null ? null : DateTime.makeUnsafe(last_start),
  dry_run,
})

/** Backfills. */
export class Backfills extends Context.Service<Backfills, {
  /** Queues the runs of a goal's past slots; with `dry_run` it only says which. */
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
  static readonly layer = Layer.effect(
    Backfills,
    Effect.gen(function* () {
      const repo = yield* BackfillRepo
      const projection = yield* Projection
      const write = yield* writing

      const backfill = Effect.fn("Backfills.backfill")(function* (caller: Caller, input: Backfill) {
        const now = yield* Clock.currentTimeMillis
        yield* validate(input, now)
        const target = yield* projection.runnable(input.goal_instance_id)
        const covered = yield* cover(target, input)
        if (input.dry_run !== true) return yield* write(caller, input, target, covered)
        const plan = planBackfill(covered.slots, yield* repo.stored(input.goal_instance_id, covered.slots), undefined)
        const runs = plan.make.length + plan.again.length
        return answerOf(covered, true, previewOf(plan), runs === 0 ? null : startOf(now, runs - 1, input.per_minute))
      })

      return Backfills.of({ backfill })
    }),
  )
}

const validate = Effect.fnUntraced(function* (input: Backfill, now: number) {
  const [from, to] = [DateTime.toEpochMillis(input.from), DateTime.toEpochMillis(input.to)]
  if (to > now) return yield* invalid("$.to", "must not be in the future")
  if (from > to) return yield* invalid("$.from", "must not be after `to`")
  if (to - from > MAX_SPAN) return yield* invalid("$.from", "must be at most 366 days before `to`")
})

const cover = Effect.fnUntraced(function* ({ goal, hire }: ProjectedGoal, input: Backfill) {
  const [from, to] = [DateTime.toEpochMillis(input.from), DateTime.toEpochMillis(input.to)]
  const { next, rule, slots } = yield* Effect.try({
    try: () => {
      const rule = ruleOfGoal(goal, hire.timezone)
      return { rule, ...pageOf(rule, from, to, input.cap ?? DEFAULT_CAP) }
    },
    catch: (error) => new ScheduleNotEvaluable({ detail: error instanceof Error ? error.message : `${error}` }),
  })
  let matched = slots.length
  for (const part of next === undefined ? [] : countOf(rule, next, to)) {
    matched += part
    yield* Effect.yieldNow
  }
  return { slots, next, matched } satisfies Covered
})

const writing = Effect.gen(function* () {
  const repo = yield* BackfillRepo
  const ids = yield* Ids
  const nudge = yield* Nudge

  return Effect.fnUntraced(function* (caller: Caller, input: Backfill, { goal }: ProjectedGoal, covered: Covered) {
    const { force = false, per_minute, reason = null } = input
    const { customer_id, goal_instance_id, hired_instance_id } = goal
    const { matched, slots } = covered
    const log_id = yield* ids.next("LOG")
    const result = yield* repo.backfill({
      goal_instance_id,
      hired_instance_id,
      customer_id,
      slots,
      ids: yield* Effect.forEach(slots, () => Effect.map(ids.next("SCH"), (id) => ScheduledRunId.make(id))),
      forced: force,
      per_minute,
    }, {
      log_id,
      action: "backfill",
      operator: caller.subject,
      goal_instance_id,
      reason,
      action_metadata: {
        from: DateTime.formatIso(input.from),
        to: DateTime.formatIso(input.to),
        matched,
        hired_instance_id,
        force,
        ...(per_minute === undefined ? {} : { per_minute }),
      },
    })
    switch (result._tag) {
      case "Gone":
        return yield* new GoalNotFound({ detail: goal_instance_id })
      case "Paused":
        return yield* new SchedulerPaused({ detail: "Resume it, or send force: true", paused_reason: result.reason })
      case "Done": {
        const done = answerOf(covered, false, result.slots, result.last_start)
        if (done.queued > 0) yield* nudge.here
        return done
      }
    }
  })
})
