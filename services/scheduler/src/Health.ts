/** The scheduler's health: for people, for scrapes and for readiness (domain.md, "Health"). */
import type { SchedulerHealth } from "@stint/domain/scheduler/Health"
import { Health as Readiness } from "@stint/edge/Health"
import { reading } from "@stint/edge/Metrics"
import { whole } from "@stint/edge/Refusal"
import { Context, DateTime, Effect, Layer } from "effect"
import { counterFigures, vitalFigures } from "./Health/Metrics.ts"
import { statusOf, successRate } from "./Health/Policy.ts"
import { HealthRepo } from "./Health/Repo.ts"
import type { Vitals } from "./Health/Row.ts"

const when = (millis: number | null) => millis === null ? null : DateTime.makeUnsafe(millis)

const toHealth = (vitals: Vitals): SchedulerHealth => {
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
}

/** The health of all replicas together. */
export class Health extends Context.Service<Health, {
  readonly health: Effect.Effect<SchedulerHealth>
}>()("scheduler/Health") {
  static readonly layer = Layer.effect(
    Health,
    Effect.map(
      HealthRepo,
      ({ vitals }) => Health.of({ health: Effect.map(vitals, toHealth).pipe(Effect.withSpan("Health.health")) }),
    ),
  )

  /**
   * Not ready while due work waits for longer than STINT_LATENESS_OBJECTIVE (seconds, default 60): readiness then shows a
   * scheduler that runs but does nothing, because its engine is stuck or a service that it needs is away.
   */
  static readonly readiness = Layer.effectDiscard(Effect.gen(function* () {
    const repo = yield* HealthRepo
    const readiness = yield* Readiness
    const objective = yield* whole("STINT_LATENESS_OBJECTIVE", 1, 86_400, 60)
    yield* readiness.require({
      name: "lateness",
      check: repo.waiting.pipe(
        Effect.catchCause(() => Effect.fail("the database does not answer")),
        Effect.filterOrFail(
          (seconds) => seconds <= objective,
          (seconds) => `due work has waited for ${Math.round(seconds)} s; the objective is ${objective} s`,
        ),
        Effect.asVoid,
      ),
    })
  }))

  /** What a scrape shows of the scheduler. */
  static readonly metrics = reading(
    "scheduler",
    Effect.map(HealthRepo, (repo) =>
      Effect.gen(function* () {
        return [
          ...vitalFigures(yield* repo.vitals, yield* repo.paused),
          {
            name: "scheduler_retry_budget",
            help: "How many retries might start, as of the last claim of one",
            value: yield* repo.retryTokens,
          },
          ...counterFigures(yield* repo.counters),
        ]
      })),
  )
}
