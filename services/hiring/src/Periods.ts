/** What happens by time alone: periods roll on, subscriptions and trials end (domain.md, "States"). */
import type { Action } from "@stint/domain/ActionLog"
import type { NewActionLine } from "@stint/domain/ActionLine"
import { CurrentCaller } from "@stint/domain/Caller"
import { operatorsLines } from "@stint/edge/ActionLog"
import { Health } from "@stint/edge/Health"
import { reconnect } from "@stint/edge/Schedules"
import { Context, Duration, Effect, Layer, Option } from "effect"
import { amendmentOf } from "./Engagements/Amendment.ts"
import type { HireRow } from "./Engagements/Row.ts"
import { due } from "./Periods/Policy.ts"
import { type Passed, PeriodsRepo } from "./Periods/Repo.ts"
import { TrialsRepo } from "./Trials/Repo.ts"

/** How many engagements, or lead trials, one transaction holds at most. */
export const BATCH = 100
/**
 * The longest sleep, in milliseconds. A write never makes anything due sooner than a trial's seven days, so writes need not
 * wake the worker; rows that came another way (a restored backup) wait this long.
 */
export const LONGEST_SLEEP = 600_000
/** Between two looks at what is due but locked by another transaction, in milliseconds. */
const LOCKED_MS = 100

/** The hires whose trial ended in a transaction. */
const endedBy = (passed: ReadonlyArray<Passed>): ReadonlyArray<HireRow> =>
  passed.flatMap(({ after: { hire }, before }) =>
    before.hire?.trial_status === "active" && hire !== undefined && hire.trial_status !== "active" ? [hire] : []
  )

/** Periods and trials that end by themselves. */
export class Periods extends Context.Service<Periods, {
  /**
   * Writes all that is due now; the hires whose trial it ended. Doing it again changes nothing. `aside` are the
   * subscriptions that could not be read or written: they wait, and hold up nobody.
   */
  readonly catchUp: Effect.Effect<{ readonly ended: ReadonlyArray<HireRow>; readonly aside: ReadonlySet<string> }>
  /** The same at an operator's request, with a line in the action log for each transaction that ends trials. */
  readonly processTrialEnd: Effect.Effect<ReadonlyArray<HireRow>, never, CurrentCaller>
}>()("hiring/Periods") {
  static readonly layer = Layer.effect(
    Periods,
    Effect.gen(function* () {
      const repo = yield* PeriodsRepo
      const trials = yield* TrialsRepo
      const operatorsLine = yield* operatorsLines<Action>()

      const passAll = Effect.fnUntraced(function* (line: Effect.Effect<NewActionLine | undefined>) {
        const ended: Array<HireRow> = []
        const aside = new Set<string>()
        while (true) {
          const next = yield* line
          const { more, passed } = yield* repo.amendDue(
            BATCH,
            aside,
            (engagement, now) => amendmentOf(engagement, due(engagement, now), now),
            (passed) => {
              const ids = endedBy(passed).map(({ hired_instance_id }) => hired_instance_id)
              return next === undefined || ids.length === 0
                ? undefined
                : { ...next, action_metadata: { hired_instance_ids: ids } }
            },
          )
          ended.push(...endedBy(passed))
          const expired = yield* trials.expire(BATCH)
          if (!more && expired < BATCH) return { ended, aside }
        }
      })

      return Periods.of({
        catchUp: Effect.withSpan(passAll(Effect.succeed(undefined)), "Periods.catchUp"),
        processTrialEnd: Effect.flatMap(
          CurrentCaller,
          (caller) =>
            Effect.map(
              passAll(Effect.provideService(operatorsLine("process_trial_end", {}), CurrentCaller, caller)),
              ({ ended }) => ended,
            ),
        ),
      })
    }),
  )

  /** Catches up at the start, then sleeps until something is due, until the service drains. */
  static readonly worker = Layer.effectDiscard(Effect.gen(function* () {
    const repo = yield* PeriodsRepo
    const periods = yield* Periods
    const health = yield* Health
    let failing = false

    const step = Effect.gen(function* () {
      const { aside } = yield* periods.catchUp
      const left = Option.getOrElse(yield* repo.untilDue(aside), () => LONGEST_SLEEP)
      failing = false
      return left <= 0 ? LOCKED_MS : Math.min(Math.ceil(left), LONGEST_SLEEP)
    }).pipe(
      Effect.sandbox,
      Effect.tapError((cause) =>
        Effect.suspend(() => {
          if (failing) return Effect.void
          failing = true
          return Effect.logWarning("periods: can't write what is due, retrying", cause)
        })
      ),
      Effect.retry(reconnect),
    )

    yield* Effect.flatMap(step, (ms) => Effect.sleep(Duration.millis(ms))).pipe(
      Effect.forever,
      // A transaction that is interrupted is rolled back; another replica, or the next start, writes what is due
      Effect.raceFirst(health.draining),
      Effect.forkScoped,
    )
  }))
}
