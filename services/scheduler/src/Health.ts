/** The scheduler's health, for a person and for a scrape (domain.md, "Health"). */
import type { SchedulerHealth } from "@stint/domain/scheduler/Health"
import { Health as Readiness } from "@stint/edge/Health"
import { type Distribution, type Figure, type Gauge, reading } from "@stint/edge/Metrics"
import { whole } from "@stint/edge/Refusal"
import { Context, DateTime, Effect, Layer } from "effect"
import { ControlsRepo } from "./Controls/Repo.ts"
import { COUNTED_AS, DURATION_BUCKETS, LATENESS_BUCKETS } from "./Queue/Counters.ts"
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

/**
 * Not ready while due work waits for longer than STINT_LATENESS_OBJECTIVE (seconds): a scheduler that lives and does
 * nothing, because its engine is stuck or what it needs is away, is told from one that works.
 */
export const punctual = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* HealthRepo
  const readiness = yield* Readiness
  const objective = yield* whole("STINT_LATENESS_OBJECTIVE", 1, 86_400, 60)
  yield* readiness.require({
    name: "lateness",
    check: repo.waiting.pipe(
      Effect.catchCause(() => Effect.fail("the database does not say")),
      Effect.filterOrFail(
        (seconds) => seconds <= objective,
        (seconds) => `due work has waited for ${Math.round(seconds)} s; the objective is ${objective} s`,
      ),
      Effect.asVoid,
    ),
  })
}))

/** A distribution of the engine's counters. */
const distribution = (
  counters: ReadonlyMap<string, number>,
  name: string,
  bounds: ReadonlyArray<number>,
): Pick<Distribution, "buckets" | "above" | "sum"> => ({
  buckets: bounds.map((bound) => [bound, counters.get(`${name} ${bound}`) ?? 0] as const),
  above: counters.get(`${name} +Inf`) ?? 0,
  sum: counters.get(`${name} sum`) ?? 0,
})

/** What the engine counted: the same at every replica, and after every restart. */
export const counted = (counters: ReadonlyMap<string, number>): ReadonlyArray<Figure> => [
  ...Object.values(COUNTED_AS).map((outcome): Gauge => ({
    name: "scheduler_runs_total",
    help: "Outcomes of claimed runs since the database was made, of all replicas",
    kind: "counter",
    labels: { outcome },
    value: counters.get(`runs ${outcome}`) ?? 0,
  })),
  {
    name: "scheduler_lease_takeovers_total",
    help: "Runs that were taken over from a holder that was lost",
    kind: "counter",
    value: counters.get("takeovers ") ?? 0,
  },
  {
    name: "scheduler_lateness_seconds",
    help: "How long after they were due runs began, those caught up aside",
    ...distribution(counters, "lateness", LATENESS_BUCKETS),
  },
  {
    name: "scheduler_run_duration_seconds",
    help: "From claim to completion, of runs that completed",
    ...distribution(counters, "duration", DURATION_BUCKETS),
  },
]

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
        {
          name: "scheduler_retry_budget",
          help: "How many retries might start, as of the last claim of one",
          value: yield* repo.retryTokens,
        },
        ...counted(yield* repo.counters),
      ]
    })
  }),
)
