/** Sends webhooks signed as in Standard Webhooks (standardwebhooks.com, specification 1.0). */
import { Cause, DateTime, Effect, Option, Redacted, Result, Schema } from "effect"
import { type CryptoError, Mac } from "effect/crypto"
import { Base64 } from "effect/encoding"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest } from "effect/http"
import type { Signing } from "./Secrets.ts"

/** How long the receiver may take to answer. */
const DEADLINE = "5 seconds"

/** The most signatures of one message that are looked at: a sender has an old secret and a new one. */
const MOST_SIGNATURES = 8

const encoder = new TextEncoder()

/** `v1,` and the base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`; `timestamp` in seconds since the epoch. */
export const signatureOf = (
  secret: Redacted.Redacted<Uint8Array>,
  message: { readonly id: string; readonly timestamp: number; readonly body: string },
): Effect.Effect<string, CryptoError.CryptoError, Mac.Mac> =>
  Effect.gen(function* () {
    const mac = yield* Mac.Mac
    const key = yield* Mac.key(Mac.hmacSha256, Redacted.value(secret))
    const tag = yield* mac.sign(key, encoder.encode(`${message.id}.${message.timestamp}.${message.body}`))
    return `v1,${Base64.encode(tag)}`
  })

/** A message. Its id is the same on every attempt, so that the receiver can recognise a repeat. */
export interface Message {
  readonly url: string
  readonly id: string
  /** JSON. */
  readonly body: string
  /** Each makes a signature, so that a receiver may know the new secret or still the old one. */
  readonly secrets: Signing
}

/** An answer, whatever its status. */
export interface Answer {
  readonly status: number
  /** The milliseconds until another request may come, by `Retry-After`; undefined without one that can be read. */
  readonly retryAfter: number | undefined
}

/** The seconds that any larger number stands for, as RFC 9111, 1.2.2 has it. */
const MOST_SECONDS = 2 ** 31

/**
 * The milliseconds that a `Retry-After` asks to wait: so many seconds, or until a date (RFC 9110, 10.2.3). Undefined when it
 * is neither.
 */
export const retryAfterOf = (value: string | undefined, now: number): number | undefined => {
  const text = value?.trim() ?? ""
  if (/^\d+$/.test(text)) return Math.min(Number(text), MOST_SECONDS) * 1_000
  // a date has letters: Date.parse would read a bare number as a year
  const at = /[A-Za-z]{3}/.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

/** The receiver was not reached or did not answer in time; `why` is one line. */
export class Undelivered extends Schema.TaggedError<Undelivered>()("Undelivered", { why: Schema.String }) {}

/** Makes `sign`: the headers that sign a message sent now, one signature for each secret; none without secrets. */
export const makeSigner = Effect.gen(function* () {
  const mac = yield* Mac.Mac
  return (
    secrets: Signing,
    { body, id }: { readonly id: string; readonly body: string },
  ): Effect.Effect<Readonly<Record<string, string>>> =>
    Effect.gen(function* () {
      const timestamp = Math.floor(DateTime.toEpochMillis(yield* DateTime.now) / 1000)
      const signatures = yield* Effect.forEach(secrets, (secret) => signatureOf(secret, { id, timestamp, body }))
      return {
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        ...(signatures.length === 0 ? {} : { "webhook-signature": signatures.join(" ") }),
      }
    }).pipe(Effect.provideService(Mac.Mac, mac), Effect.orDie)
})

/** How far the clock of who signed may be from ours, in seconds, as Standard Webhooks advises. */
const TOLERANCE = 300

/** The headers of a signed message, as they came. */
export interface SignedHeaders {
  readonly "webhook-id"?: string
  readonly "webhook-timestamp"?: string
  readonly "webhook-signature"?: string
}

/** Makes `verify`: whether a body that came was signed lately, by one of the secrets. */
export const makeVerifier = Effect.gen(function* () {
  const mac = yield* Mac.Mac
  return (secrets: Signing, headers: SignedHeaders, body: string): Effect.Effect<boolean> =>
    Effect.gen(function* () {
      const { "webhook-id": id = "", "webhook-signature": given = "", "webhook-timestamp": sent = "" } = headers
      const now = DateTime.toEpochMillis(yield* DateTime.now) / 1000
      if (id === "" || !/^\d{1,12}$/.test(sent) || Math.abs(now - Number(sent)) > TOLERANCE) return false
      const data = encoder.encode(`${id}.${sent}.${body}`)
      const tags = given.split(" ").slice(0, MOST_SIGNATURES).flatMap((text) =>
        text.startsWith("v1,") ? Option.toArray(Result.getSuccess(Base64.decode(text.slice("v1,".length)))) : []
      )
      for (const secret of secrets) {
        const key = yield* Mac.key(Mac.hmacSha256, Redacted.value(secret))
        for (const tag of tags) if (yield* mac.verify(key, tag, data)) return true
      }
      return false
    }).pipe(Effect.orDie)
})

/** Makes `send`, which posts a message and succeeds with the answer, whatever its status. It follows no redirect. */
export const makeSender = Effect.gen(function* () {
  const sign = yield* makeSigner
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  return ({ body, id, secrets, url }: Message): Effect.Effect<Answer, Undelivered> =>
    Effect.gen(function* () {
      const now = DateTime.toEpochMillis(yield* DateTime.now)
      const request = HttpClientRequest.post(url).pipe(
        HttpClientRequest.setHeaders(yield* sign(secrets, { id, body })),
        HttpClientRequest.bodyText(body, "application/json"),
      )
      const { headers, status } = yield* client.execute(request)
      return { status, retryAfter: retryAfterOf(headers["retry-after"], now) }
    }).pipe(
      Effect.scoped,
      Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
      // the receiver is a third party: it gets no trace headers
      Effect.provideService(HttpClient.TracerPropagationEnabled, false),
      Effect.timeout(DEADLINE),
      Effect.catchIf(
        Cause.isTimeoutError,
        () => Effect.fail(new Undelivered({ why: "The webhook did not answer within 5 seconds" })),
      ),
      Effect.catchTag(
        "HttpClientError",
        (error) => Effect.fail(new Undelivered({ why: `The webhook can't be reached: ${reasonOf(error)}` })),
      ),
    )
})

/** Why the request did not reach its receiver, in one line. */
export const reasonOf = ({ reason }: HttpClientError.HttpClientError) => {
  const { cause } = reason as { readonly cause?: unknown }
  return (cause instanceof Error ? cause.message : reason._tag).split("\n")[0]!.slice(0, 300)
}
