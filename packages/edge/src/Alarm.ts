/**
 * Alerts: what an operator has to know now. Each begins and ends once, however many replicas look, and is told of by a line
 * of the log and, with STINT_ALERT_WEBHOOK, by a signed webhook (Standard Webhooks), at least once each.
 */
import { Clock, Context, Effect, Layer, Option, Queue, type Schema } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import { FetchHttpClient } from "effect/http"
import { AlarmRepo } from "./Alarm/Repo.ts"
import { httpUrl } from "./Places.ts"
import { Refusal } from "./Refusal.ts"
import type { RetentionJob } from "./Retention.ts"
import { delayAfter, deliveryRetry, reconnect } from "./Schedules.ts"
import { alertSecret } from "./Secrets.ts"
import { makeSender, Undelivered } from "./Webhooks.ts"

/** How long a claimed notice is held, in milliseconds: longer than the webhook's deadline. */
const NOTICE_LEASE_MS = 30_000
/** After so many failed attempts, about a day, a notice is given up. */
const TRIES = 180
/** The longest wait for a hint, in milliseconds: what a notice or an alert that another replica left waits at most. */
const LOOK_MS = 30_000

/** What an alert is about. At most one is open of a kind and subject. */
export interface Alert {
  /** One of few fixed names. */
  readonly kind: string
  /** What it holds for; `all` where there is but one. */
  readonly subject: string
  /** One sentence for a person, without a full stop. */
  readonly message: string
  readonly details: Record<string, Schema.Json>
}

/** The begin or the end of an alert, which is to be told. Instants are epoch milliseconds. */
export interface Notice {
  readonly alert_id: string
  readonly phase: "begun" | "ended"
  readonly kind: string
  readonly subject: string
  readonly begun_at: number
  readonly ended_at: number | null
  readonly details: Record<string, Schema.Json>
  /** Which attempt this is, from 1. */
  readonly tries: number
}

/** Where notices wait to be told. */
export interface Notices<N extends Notice> {
  /** Claims notices that are due; no other replica gets them for so long. */
  claim(leaseMs: number): Effect.Effect<ReadonlyArray<N>>
  /** A notice was told, or given up. */
  complete(notice: N): Effect.Effect<void>
  /** A notice could not be told: it is due again after so long. */
  retry(notice: N, delayMs: number): Effect.Effect<void>
}

const iso = (millis: number | null) => millis === null ? null : new Date(millis).toISOString()

/** The webhook's url and secrets, from STINT_ALERT_WEBHOOK and STINT_ALERT_SECRET; undefined without a webhook. */
const settings = Effect.gen(function* () {
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
const bodyOf = (notice: Notice, message: string, at: number) =>
  JSON.stringify({
    type: `stint.alert.${notice.phase}`,
    timestamp: iso(at),
    data: {
      alert_id: notice.alert_id,
      kind: notice.kind,
      subject: notice.subject,
      message,
      begun_at: iso(notice.begun_at),
      ended_at: notice.phase === "ended" ? iso(notice.ended_at) : null,
      details: notice.details,
    },
  })

/** Tells operators: the log, and the webhook. */
export class Alarm extends Context.Service<Alarm, {
  /** Writes the line of the log: a warning for a begin. */
  log(notice: Notice, message: string): Effect.Effect<void>
  /** Posts to the webhook; nothing without one. Fails with why it was not taken. */
  send(notice: Notice, message: string): Effect.Effect<void, Undelivered>
}>()("stint/Alarm") {
  static readonly layer = Layer.effect(
    Alarm,
    Effect.gen(function* () {
      const webhook = yield* settings
      const send = yield* makeSender
      return Alarm.of({
        log: ({ phase }, message) => {
          const line = `alert ${phase}: ${message}`
          return phase === "begun" ? Effect.logWarning(line) : Effect.logInfo(line)
        },
        send: Effect.fnUntraced(function* (notice, message) {
          if (webhook === undefined) return
          const body = bodyOf(notice, message, yield* Clock.currentTimeMillis)
          const { status } = yield* send({ ...webhook, id: `${notice.alert_id}-${notice.phase}`, body })
          if (status < 200 || status >= 300) return yield* new Undelivered({ why: `The webhook answered ${status}` })
        }),
      })
    }),
  ).pipe(Layer.provide([Mac.layerWebCrypto, FetchHttpClient.layer]), Layer.provide(SecureRandom.layerWebCrypto))
}

/** Tells all notices that are due. One that can't be told is retried, and after `TRIES` attempts given up. */
export const tellAll = <N extends Notice>(notices: Notices<N>, messageOf: (notice: N) => string) =>
  Effect.gen(function* () {
    const alarm = yield* Alarm
    const tell = Effect.fnUntraced(function* (notice: N) {
      const message = messageOf(notice)
      if (notice.tries === 1) yield* alarm.log(notice, message)
      const failed = yield* Effect.match(alarm.send(notice, message), {
        onSuccess: () => undefined,
        onFailure: ({ why }) => why,
      })
      if (failed === undefined) return yield* notices.complete(notice)
      if (notice.tries >= TRIES) {
        yield* Effect.logError(`alert ${notice.alert_id} is given up after ${TRIES} attempts: ${failed}`)
        return yield* notices.complete(notice)
      }
      if (notice.tries === 1) {
        yield* Effect.logWarning(`an alert could not be delivered and will be retried: ${failed}`)
      }
      yield* notices.retry(notice, (yield* delayAfter(deliveryRetry, notice.tries)) ?? NOTICE_LEASE_MS)
    })
    while (true) {
      const due = yield* notices.claim(NOTICE_LEASE_MS)
      if (due.length === 0) return
      yield* Effect.forEach(due, tell, { concurrency: 5, discard: true })
    }
  })

/** The alerts of a service, in its table `alerts`. */
export class Alarms extends Context.Service<Alarms, {
  /** Begins an alert, inside the caller's transaction where there is one; nothing when it is open already. */
  begin(alert: Alert): Effect.Effect<void>
  /** Ends an alert that is open; nothing when none is. */
  end(alert: Alert): Effect.Effect<void>
  /**
   * Of one kind: begins what holds, and ends what this and every other replica has not said for `quietMs` to hold. What
   * holds has to be said again before that.
   */
  settle(
    kind: string,
    holds: ReadonlyArray<Alert>,
    quietMs: number,
    over: (subject: string) => string,
  ): Effect.Effect<void>
}>()("stint/Alarms") {
  static readonly layer = Layer.effect(
    Alarms,
    Effect.gen(function* () {
      const repo = yield* AlarmRepo
      const hints = yield* Hints
      const hinted = <A>(effect: Effect.Effect<A>) => Effect.asVoid(Effect.tap(effect, hints.hint))
      /** The kinds of which no alert was open when this was last looked at, and when that was. */
      const none = new Map<string, number>()
      return Alarms.of({
        begin: (alert) => hinted(repo.begin([alert])),
        end: (alert) => hinted(repo.end(alert)),
        settle: Effect.fnUntraced(function* (kind, holds, quietMs, over) {
          const now = yield* Clock.currentTimeMillis
          if (holds.length === 0 && now - (none.get(kind) ?? -Infinity) < LOOK_MS) return
          yield* repo.begin(holds)
          const open = yield* repo.open(kind, quietMs)
          for (const { quiet, subject } of open) {
            if (quiet) yield* repo.end({ kind, subject, message: over(subject), details: {} })
          }
          if (open.length > 0) {
            none.delete(kind)
            yield* hints.hint
          } else none.set(kind, now)
        }),
      })
    }),
  )

  /** Tells what has begun and ended. */
  static readonly worker = Layer.effectDiscard(Effect.gen(function* () {
    const repo = yield* AlarmRepo
    const hints = yield* Hints
    yield* tellAll(repo, (notice) => notice.message).pipe(
      Effect.andThen(hints.wait(LOOK_MS)),
      Effect.sandbox,
      Effect.retry(reconnect),
      Effect.forever,
      Effect.forkScoped,
    )
  }))

  /** Removes ended alerts past their retention. */
  static readonly retention: Effect.Effect<RetentionJob, never, AlarmRepo> = Effect.map(AlarmRepo, (repo) => ({
    name: "alerts",
    keeps: "90 days after their end",
    expired: repo.expired,
    remove: repo.prune,
  }))
}

/** Wakes the worker. */
class Hints extends Context.Service<Hints, {
  readonly hint: Effect.Effect<void>
  /** Waits for a hint, at most so many milliseconds. */
  wait(ms: number): Effect.Effect<void>
}>()("stint/Alarms/Hints") {
  static readonly layer = Layer.effect(
    Hints,
    Effect.map(Queue.sliding<void>(1), (hints) =>
      Hints.of({
        hint: Effect.asVoid(Queue.offer(hints, undefined)),
        wait: (ms) => Effect.asVoid(Effect.timeoutOption(Queue.take(hints), ms)),
      })),
  )
}

/** What a service with a table `alerts` needs: `Alarm`, `Alarms`, and the worker that tells. It needs the AlarmRepo. */
export const layer = Alarms.worker.pipe(
  Layer.provideMerge(Alarms.layer),
  Layer.provide(Hints.layer),
  Layer.provideMerge(Alarm.layer),
)
