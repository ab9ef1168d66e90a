/** The target `webhook`: a signed POST, as Standard Webhooks has it (standardwebhooks.com, specification 1.0). */
import { type ExecutionSettings, webhookFault } from "@stint/domain/Definition/HireSettings"
import { Config, DateTime, Effect, Redacted } from "effect"
import { type CryptoError, Mac } from "effect/crypto"
import { Base64 } from "effect/encoding"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest } from "effect/http"
import { makeSecrets } from "./Secrets.ts"
import { type Delivery, DeliveryError, type Target } from "./Target.ts"

/** How long a receiver may take to answer. */
const DEADLINE = "5 seconds"

/** Answers after which the same request can succeed later: not now, too early, too often, or it is being worked on. */
const passing = new Set([408, 409, 425, 429])

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

const refused = (why: string) => new DeliveryError({ why, permanent: true })
const failed = (why: string) => new DeliveryError({ why, permanent: false })

/** What an answer that is no 2xx means for the delivery. A redirect is not followed: the url is what was approved. */
const judge = (status: number) => {
  const why = `The webhook answered ${status}`
  if (status >= 300 && status < 400) return refused(`${why}, a redirect; set its final url`)
  return status >= 400 && status < 500 && !passing.has(status) ? refused(why) : failed(why)
}

/** Makes the target. `STINT_WEBHOOK_HOSTS`: the hosts that may be called, separated by commas. */
export const makeWebhook = Effect.gen(function* () {
  const secrets = yield* makeSecrets
  const mac = yield* Mac.Mac
  const hosts = yield* Config.String("STINT_WEBHOOK_HOSTS").pipe(
    Config.withDefault(""),
    Config.map((list) => list.split(",").map((host) => host.trim()).filter((host) => host !== "")),
  )
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)

  const send = Effect.fn("Webhook.deliver")(function* (
    { body, delivery_id }: Delivery,
    { secret_ref, url }: ExecutionSettings,
  ) {
    if (url === undefined || secret_ref === undefined) {
      return yield* refused("The hire's settings name no url or no secret_ref for the webhook")
    }
    const fault = webhookFault(url, hosts)
    if (fault !== undefined) return yield* refused(`The webhook's url ${fault}`)
    const secret = yield* secrets(secret_ref)
    const timestamp = Math.floor(DateTime.toEpochMillis(yield* DateTime.now) / 1000)
    const signature = yield* signatureOf(secret, { id: delivery_id, timestamp, body }).pipe(
      Effect.provideService(Mac.Mac, mac),
      Effect.orDie,
    )
    const request = HttpClientRequest.post(url).pipe(
      HttpClientRequest.setHeaders({
        "webhook-id": delivery_id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": signature,
      }),
      HttpClientRequest.bodyText(body, "application/json"),
    )
    const { status } = yield* client.execute(request)
    if (status < 200 || status >= 300) return yield* judge(status)
    return yield* DateTime.now
  })

  const target: Target = {
    deliver: (delivery, settings) =>
      send(delivery, settings).pipe(
        Effect.scoped,
        Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
        // a receiver is a stranger: our traces are none of its business
        Effect.provideService(HttpClient.TracerPropagationEnabled, false),
        Effect.timeout(DEADLINE),
        Effect.catchTags({
          TimeoutError: () => Effect.fail(failed("The webhook did not answer within 5 seconds")),
          HttpClientError: (error) => Effect.fail(failed(`The webhook can't be reached: ${reasonOf(error)}`)),
        }),
      ),
  }
  return target
})

/** What kept the request from its receiver, in one line. */
const reasonOf = ({ reason }: HttpClientError.HttpClientError) => {
  const { cause } = reason as { readonly cause?: unknown }
  return (cause instanceof Error ? cause.message : reason._tag).split("\n")[0]!.slice(0, 300)
}
