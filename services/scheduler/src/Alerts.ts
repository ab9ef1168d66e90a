/** Alerts: a notice to the log and to a webhook when a condition begins and when it ends, delivered at least once each. */
import { httpUrl } from "@stint/edge/Places"
import { Refusal } from "@stint/edge/Refusal"
import { delayAfter, deliveryRetry, reconnect } from "@stint/edge/Schedules"
import { alertSecret } from "@stint/edge/Secrets"
import { makeSender } from "@stint/edge/Webhooks"
import { Clock, Context, Effect, Layer, Option, Queue } from "effect"
import { conditionsOf, sentenceOf } from "./Alerts/Policy.ts"
import { AlertsRepo } from "./Alerts/Repo.ts"
import type { Notice } from "./Alerts/Row.ts"

/** How often the conditions are evaluated, in milliseconds. */
const EVALUATE_MS = 10_000
/** How long a claimed notice is held, in milliseconds: longer than the webhook's deadline. */
const NOTICE_LEASE_MS = 30_000
/** After so many failed attempts, about a day, a notice is given up. */
const TRIES = 180

const iso = (millis: number | null) => millis === null ? null : new Date(millis).toISOString()

/** The webhook's url and the secret of alerts; undefined without a webhook. */
const webhookSettings = Effect.gen(function* () {
  const url = yield* httpUrl("STINT_ALERT_WEBHOOK")
  const secrets = yield* alertSecret
  if (Option.isNone(url)) return undefined
  if (Option.isNone(secrets)) {
    return yield* new Refusal({
      message: "STINT_ALERT_WEBHOOK is given without STINT_ALERT_SECRET, the secret that alerts are signed with",
    })
  }
  return { url: url.value.href, secrets: secrets.value }
})

/** The body of the webhook; the receiver recognises a repetition by `alert_id` and the type. */
const bodyOf = (notice: Notice, at: number) =>
  JSON.stringify({
    type: `stint.alert.${notice.phase}`,
    timestamp: iso(at),
    data: {
      alert_id: notice.alert_id,
      kind: notice.kind,
      subject: notice.subject,
      message: sentenceOf(notice, notice.phase),
      begun_at: iso(notice.begun_at),
      ended_at: notice.phase === "ended" ? iso(notice.ended_at) : null,
      details: notice.details,
    },
  })

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
    const deliver = yield* delivering

    const cycle = Effect.gen(function* () {
      yield* repo.evaluate(conditionsOf)
      while (true) {
        const notices = yield* repo.claim(NOTICE_LEASE_MS)
        if (notices.length === 0) break
        yield* Effect.forEach(notices, deliver, { concurrency: 5, discard: true })
      }
      yield* alerts.wait(EVALUATE_MS)
    })

    yield* cycle.pipe(Effect.sandbox, Effect.retry(reconnect), Effect.forever, Effect.forkScoped)
  }))
}

/** Delivers a claimed notice; one that can't be delivered is retried, and after `TRIES` attempts given up. */
const delivering = Effect.gen(function* () {
  const repo = yield* AlertsRepo
  const webhook = yield* webhookSettings
  const send = yield* makeSender

  const post = Effect.fnUntraced(function* (notice: Notice) {
    if (webhook === undefined) return
    const body = bodyOf(notice, yield* Clock.currentTimeMillis)
    const { status } = yield* send({ ...webhook, id: `${notice.alert_id}-${notice.phase}`, body })
    if (status < 200 || status >= 300) return yield* Effect.fail({ why: `The webhook answered ${status}` })
  })

  return Effect.fnUntraced(function* (notice: Notice) {
    if (notice.tries === 1) {
      const line = `alert ${notice.phase}: ${sentenceOf(notice, notice.phase)}`
      yield* notice.phase === "begun" ? Effect.logWarning(line) : Effect.logInfo(line)
    }
    const failed = yield* Effect.match(post(notice), { onSuccess: () => undefined, onFailure: ({ why }) => why })
    if (failed === undefined) return yield* repo.complete(notice)
    if (notice.tries >= TRIES) {
      yield* Effect.logError(`alert ${notice.alert_id} is given up after ${TRIES} attempts: ${failed}`)
      return yield* repo.complete(notice)
    }
    if (notice.tries === 1) {
      yield* Effect.logWarning(`an alert could not be delivered and will be retried: ${failed}`)
    }
    yield* repo.retry(notice, (yield* delayAfter(deliveryRetry, notice.tries)) ?? NOTICE_LEASE_MS)
  })
})
