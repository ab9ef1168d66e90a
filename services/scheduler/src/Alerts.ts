/** Alerts: a notice to the log and to a webhook when a condition begins and when it ends, delivered at least once each. */
import { tellAll } from "@stint/edge/Alarm"
import { makeRecentlyAway } from "@stint/edge/Causes"
import { reconnect } from "@stint/edge/Schedules"
import { Context, Effect, Layer, Queue } from "effect"
import { conditionsOf, sentenceOf } from "./Alerts/Policy.ts"
import { AlertsRepo } from "./Alerts/Repo.ts"

/** How often the conditions are evaluated, in milliseconds. */
const EVALUATE_MS = 10_000
/** Wakes the worker when an alert has begun or ended. */
export class Alerts extends Context.Service<Alerts, {
  readonly hint: Effect.Effect<void>
  /** Waits for a hint, at most so many milliseconds. */
  wait(ms: number): Effect.Effect<void>
}>()("scheduler/Alerts") {
  static readonly layer = Layer.effect(
    Alerts,
    Effect.map(Queue.sliding<void>(1), (hints) =>
      Alerts.of({
        hint: Effect.asVoid(Queue.offer(hints, undefined)),
        wait: (ms) => Effect.asVoid(Effect.timeoutOption(Queue.take(hints), ms)),
      })),
  )

  /** Evaluates the conditions and delivers the notices. */
  static readonly worker = Layer.effectDiscard(Effect.gen(function* () {
    const repo = yield* AlertsRepo
    const alerts = yield* Alerts

    const recentlyAway = yield* makeRecentlyAway

    const cycle = Effect.gen(function* () {
      const away = yield* recentlyAway
      yield* repo.evaluate((vitals, failing) => conditionsOf(vitals, failing, away.size > 0))
      yield* tellAll(repo, (notice) => sentenceOf(notice, notice.phase))
      yield* alerts.wait(EVALUATE_MS)
    })

    yield* cycle.pipe(Effect.sandbox, Effect.retry(reconnect), Effect.forever, Effect.forkScoped)
  }))
}
