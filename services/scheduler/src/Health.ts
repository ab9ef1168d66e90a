/** The scheduler's health, for a person and for a scrape (domain.md, "Health"). */
import type { SchedulerHealth } from "@stint/domain/SchedulerHealth"
import { type Gauge, reading } from "@stint/edge/Metrics"
import { Context, DateTime, Effect, Layer } from "effect"
import { ControlsRepo } from "./Controls/Repo.ts"
import { statusOf, successRate } from "./Health/Policy.ts"
import { HealthRepo } from "./Health/Repo.ts"

const when = (millis: number | null) => millis === null ? null : DateTime.makeUnsafe(millis)

/** How the scheduler does. */
export class Health extends Context.Service<Health, {
  readonly health: Effect.Effect<SchedulerHealth>
}>()("scheduler/Health") {
  static readonly layerNoDeps = Layer.effect(
    Health,
    Effect.gen(function* () {
      const repo = yield* HealthRepo
      return Health.of({
        health: Effect.map(repo.vitals, (vitals): SchedulerHealth => {
          const success = successRate(vitals)
          return {
            status: statusOf(vitals),
            pending_goals: vitals.pending,
            running_goals: vitals.running,
            success_rate_1h: success ?? null,
            failure_rate_1h: success === undefined ? null : 1 - success,
            total_executions_1h: vitals.succeeded + vitals.failed,
            last_run: when(vitals.last_run),
            last_success: when(vitals.last_success),
            last_failure: when(vitals.last_failure),
            dlq_size: vitals.dead_letters,
            avg_duration_ms: vitals.avg_duration_ms,
          }
        }).pipe(Effect.withSpan("Health.health")),
      })
    }),
  )
}

/** What a scrape shows of the scheduler. */
export const metrics = reading(
  "scheduler",
  Effect.gen(function* () {
    const repo = yield* HealthRepo
    const controls = yield* ControlsRepo
    return Effect.gen(function* () {
      const { dead_letters, due, failed, oldest_due_seconds, pending, retrying, running, succeeded } = yield* repo
        .vitals
      const paused = (yield* controls.states()).filter((state) => state.status === "paused")
      const runs = (status: string, value: number): Gauge => ({
        name: "scheduler_runs",
        help: "Live runs, by status",
        labels: { status },
        value,
      })
      const finished = (outcome: string, value: number): Gauge => ({
        name: "scheduler_runs_finished_last_hour",
        help: "Runs that finished in the last hour, by outcome",
        labels: { outcome },
        value,
      })
      const pauses = (scope: string, prefix: string): Gauge => ({
        name: "scheduler_paused",
        help: "Pauses in force, by scope",
        labels: { scope },
        value: paused.filter(({ state_id }) => state_id.startsWith(prefix)).length,
      })
      return [
        runs("pending", pending - retrying),
        runs("retrying", retrying),
        runs("running", running),
        finished("completed", succeeded),
        finished("dead_lettered", failed),
        { name: "scheduler_queue_due", help: "Runs that could start now", value: due },
        {
          name: "scheduler_oldest_due_age_seconds",
          help: "For how long the oldest of them has been due",
          value: oldest_due_seconds ?? 0,
        },
        { name: "scheduler_dead_letters_open", help: "Dead letters that wait for a person", value: dead_letters },
        pauses("all", "global"),
        pauses("hire", "hire:"),
        pauses("customer", "customer:"),
      ]
    })
  }),
)
