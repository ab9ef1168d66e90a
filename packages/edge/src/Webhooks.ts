/** Sends webhooks signed as in Standard Webhooks (standardwebhooks.com, specification 1.0). */
import { Cause, DateTime, Effect, Redacted, Schema } from "effect"
import { type CryptoError, Mac } from "effect/crypto"
import { Base64 } from "effect/encoding"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest } from "effect/http"

/** How long the receiver may take to answer. */
const DEADLINE = "5 seconds"

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
  readonly secret: Redacted.Redacted<Uint8Array>
}

/** The receiver was not reached or did not answer in time; `why` is one line. */
export class Undelivered extends Schema.TaggedError<Undelivered>()("Undelivered", { why: Schema.String }) {}

/** Makes `send`, which posts a message and succeeds with the status of the answer, whatever it is. It follows no redirect. */
export const makeSender = Effect.gen(function* () {
  const mac = yield* Mac.Mac
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  return ({ body, id, secret, url }: Message): Effect.Effect<number, Undelivered> =>
    Effect.gen(function* () {
      const timestamp = Math.floor(DateTime.toEpochMillis(yield* DateTime.now) / 1000)
      const signature = yield* signatureOf(secret, { id, timestamp, body }).pipe(
        Effect.provideService(Mac.Mac, mac),
        Effect.orDie,
      )
      const request = HttpClientRequest.post(url).pipe(
        HttpClientRequest.setHeaders({
          "webhook-id": id,
          "webhook-timestamp": String(timestamp),
          "webhook-signature": signature,
        }),
        HttpClientRequest.bodyText(body, "application/json"),
      )
      const { status } = yield* client.execute(request)
      return status
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
const reasonOf = ({ reason }: HttpClientError.HttpClientError) => {
  const { cause } = reason as { readonly cause?: unknown }
  return (cause instanceof Error ? cause.message : reason._tag).split("\n")[0]!.slice(0, 300)
}
