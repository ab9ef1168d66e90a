/** The scheduler's health: for people, for scrapes and for readiness (domain.md, "Health"). */
import type { SchedulerHealth } from "@stint/domain/scheduler/Health"
import { Alarms } from "@stint/edge/Alarm"
import { makeRecentlyAway, makeUncaused } from "@stint/edge/Causes"
import { Followers, heldUp } from "@stint/edge/Follower"
import { Health as Readiness } from "@stint/edge/Health"
import { reading } from "@stint/edge/Metrics"
import { Neighbours } from "@stint/edge/Neighbours"
import { Database } from "@stint/edge/Pg/Database"
import { whole } from "@stint/edge/Refusal"
import { watchLate } from "@stint/edge/Schedules"
import { guard, Watchdog } from "@stint/edge/Watchdog"
import { Clock, Context, DateTime, Effect, Layer } from "effect"
import { closedFigures, counterFigures, vitalFigures } from "./Health/Metrics.ts"
import { type HealthProblem, statusOf, successRate } from "./Health/Policy.ts"
import { HealthRepo } from "./Health/Repo.ts"
import type { Vitals } from "./Health/Row.ts"

/** An alert of late work ends when none was late for so long, in milliseconds. */
const QUIET_MS = 30_000

const when = (millis: number | null) => millis === null ? null : DateTime.makeUnsafe(millis)

const toHealth = (vitals: Vitals, problems: ReadonlyArray<HealthProblem>): SchedulerHealth => {
  const success = successRate(vitals)
  return {
    status: statusOf(vitals, problems),
    pending_goals: vitals.pending,
    running_goals: vitals.running,
    retrying_goals: vitals.retrying,
    due_goals: vitals.due,
    oldest_due_ms: vitals.oldest_due_seconds === null ? null : Math.round(vitals.oldest_due_seconds * 1000),
    success_rate_1h: success ?? null,
    failure_rate_1h: success === undefined ? null : 1 - success,
    total_executions_1h: vitals.succeeded + vitals.failed,
    last_run: when(vitals.last_run),
    last_success: when(vitals.last_success),
    last_failure: when(vitals.last_failure),
    dlq_size: vitals.dead_letters,
    avg_duration_ms: vitals.avg_duration_ms,
    max_draft_lateness_ms: vitals.draft_lateness,
    problems: problems.map(({ since, ...problem }) => ({ ...problem, since: DateTime.makeUnsafe(since) })),
  }
}

/** How long due work may wait, in seconds. */
const objective = whole("STINT_LATENESS_OBJECTIVE", 1, 86_400, 60, "seconds")

const lateWords = (seconds: number, objective: number) =>
  `due work has waited for ${Math.round(seconds)} s; the objective is ${objective} s`

/** What keeps the scheduler from being healthy, besides its figures. */
const makeProblems = Effect.gen(function* () {
  const repo = yield* HealthRepo
  const neighbours = yield* Neighbours
  const database = yield* Database
  const watch = yield* Watchdog
  const followers = yield* Followers
  const most = yield* objective
  return Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const waited = yield* repo.waiting
    // one that can be read and not be written: its disk is full, or it is read-only
    const own = yield* database.absence
    // of work of one name, the one that has run for the longest
    const overdue = new Map(watch.overdue().toSorted((a, b) => a.ranMs - b.ranMs).map((work) => [work.what, work]))
    return [
      ...yield* neighbours.away,
      ...(own === undefined ? [] : [own]),
      ...(waited > most
        ? [{ part: "due work", how: "late", since: now - waited * 1000, detail: lateWords(waited, most) } as const]
        : []),
      ...heldUp(followers, now).map(({ detail, feed, since }) => ({
        part: feed,
        how: "held_up" as const,
        since,
        detail,
      })),
      ...[...overdue.values()].map(({ ranMs, step, what }) => ({
        part: what,
        how: "stalled" as const,
        since: now - ranMs,
        detail: `past its deadline, at: ${step.replace(/\s+/g, " ").trim().slice(0, 120)}`,
      })),
    ] satisfies ReadonlyArray<HealthProblem>
  })
})

/** The health of all replicas together. */
export class Health extends Context.Service<Health, {
  readonly health: Effect.Effect<SchedulerHealth>
}>()("scheduler/Health") {
  static readonly layer = Layer.effect(
    Health,
    Effect.gen(function* () {
      const { vitals } = yield* HealthRepo
      const problems = yield* makeProblems
      return Health.of({ health: Effect.zipWith(vitals, problems, toHealth).pipe(Effect.withSpan("Health.health")) })
    }),
  )

  /**
   * Not ready while due work waits for longer than STINT_LATENESS_OBJECTIVE (seconds, default 60): readiness then shows a
   * scheduler that runs but does nothing, because its engine is stuck or a service that it needs is away. That is alerted
   * as well.
   */
  static readonly readiness = Layer.effectDiscard(Effect.gen(function* () {
    const repo = yield* HealthRepo
    const readiness = yield* Readiness
    const most = yield* objective
    const alarms = yield* Alarms
    yield* readiness.require({
      name: "lateness",
      // whoever watches the scheduler asks whether it is there
      ofOthers: true,
      check: repo.waiting.pipe(
        Effect.catchCause(() => Effect.fail("the database does not answer")),
        Effect.filterOrFail((seconds) => seconds <= most, (seconds) => lateWords(seconds, most)),
        Effect.asVoid,
      ),
    })
    const recentlyAway = yield* makeRecentlyAway
    const uncaused = makeUncaused()
    const look = Effect.gen(function* () {
      const away = yield* recentlyAway
      const seconds = yield* repo.waiting
      const message = lateWords(seconds, most)
      const late = { kind: "late", subject: "all", message, details: { seconds, objective: most } }
      // what waits for a part that is away is told by the alert of that part
      const alerts = uncaused(seconds > most ? [late] : [], () => away.size > 0)
      yield* alarms.settle("late", alerts, QUIET_MS, () => "no due work waits for too long any more")
    })
    yield* guard("the look for late work", "1 minute")(look).pipe(
      Effect.sandbox,
      Effect.ignore,
      Effect.repeat(watchLate),
      Effect.forkScoped,
    )
  }))

  /** What a scrape shows of the scheduler. */
  static readonly metrics = reading(
    "scheduler",
    Effect.gen(function* () {
      const repo = yield* HealthRepo
      const most = yield* objective
      return Effect.gen(function* () {
        return [
          ...vitalFigures(yield* repo.vitals, yield* repo.paused),
          ...closedFigures(yield* repo.closed),
          {
            name: "scheduler_waiting_seconds",
            help: "For how long due work has waited that nothing is meant to hold back, as /readyz judges it",
            value: yield* repo.waiting,
          },
          { name: "scheduler_waiting_objective_seconds", help: "How long it may wait", value: most },
          {
            name: "scheduler_retry_budget",
            help: "How many retries might start, as of the last claim of one",
            value: yield* repo.retryTokens,
          },
          ...counterFigures(yield* repo.counters),
        ]
      })
    }),
  )
}
