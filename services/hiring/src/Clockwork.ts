/** What happens by time without anyone calling: periods roll, subscriptions and trials end (domain.md, "States"). */
import { Health } from "@stint/edge/Health"
import { reconnect } from "@stint/edge/Schedules"
import { Context, Duration, Effect, Layer, Option } from "effect"
import { elapse } from "./Clockwork/Policy.ts"
import { ClockworkRepo } from "./Clockwork/Repo.ts"
import { settle } from "./Engagements/Policy.ts"
import type { HireRow } from "./Engagements/Rows.ts"

/** How many engagements or trials one transaction holds at most. */
export const BATCH = 100
/**
 * The longest sleep, in milliseconds. Nothing that is written falls due sooner than a trial's seven days, so that no
 * write has to wake the sleeper; rows that came another way (a restored backup) wait this long.
 */
const LONGEST_SLEEP = 600_000
/** How soon what another holds at this moment is looked at again, in milliseconds. */
const HELD_MS = 100

/** Does what is due. */
export class Clockwork extends Context.Service<Clockwork, {
  /** Does all that is due now; the hires whose trial ended in it. Doing it again does nothing. */
  readonly catchUp: Effect.Effect<ReadonlyArray<HireRow>>
}>()("hiring/Clockwork") {
  static readonly layerNoDeps = Layer.effect(
    Clockwork,
    Effect.gen(function* () {
      const repo = yield* ClockworkRepo

      const catchUp = Effect.gen(function* () {
        const ended: Array<HireRow> = []
        while (true) {
          const passed = yield* repo.pass(BATCH, (engagement, now) => settle(engagement, elapse(engagement, now), now))
          for (const { after, before } of passed) {
            if (before.hire?.trial_status === "active" && after.hire?.trial_status !== "active") ended.push(after.hire!)
          }
          const expired = yield* repo.expire(BATCH)
          if (passed.length < BATCH && expired < BATCH) return ended
        }
      }).pipe(Effect.withSpan("Clockwork.catchUp"))

      return Clockwork.of({ catchUp })
    }),
  )
}

/** The clockwork as a background layer: sleeps until the earliest instant at which something is due, and does it. */
export const ticking = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* ClockworkRepo
  const clockwork = yield* Clockwork
  const health = yield* Health
  let failing = false

  const tick = Effect.gen(function* () {
    yield* clockwork.catchUp
    const left = Option.getOrElse(yield* repo.untilDue, () => LONGEST_SLEEP)
    failing = false
    return left <= 0 ? HELD_MS : Math.min(Math.ceil(left), LONGEST_SLEEP)
  }).pipe(
    Effect.sandbox,
    Effect.tapError((cause) =>
      Effect.suspend(() => {
        if (failing) return Effect.void
        failing = true
        return Effect.logWarning("what is due can't be done now; it is tried again", cause)
      })
    ),
    Effect.retry(reconnect),
  )

  yield* Effect.flatMap(tick, (ms) => Effect.sleep(Duration.millis(ms))).pipe(
    Effect.forever,
    // the transaction under way is whole or nothing; another replica, or the next start, goes on
    Effect.raceFirst(health.draining),
    Effect.forkScoped,
  )
}))
