/** The target `webhook`: a POST signed as in Standard Webhooks 1.0 (standardwebhooks.com). */
import { type ExecutionSettings, webhookFault } from "@stint/domain/Definition/HireSettings"
import { makeSecrets } from "@stint/edge/Secrets"
import { makeSender } from "@stint/edge/Webhooks"
import { Config, DateTime, Effect } from "effect"
import { type Delivery, DeliveryError, type Target } from "./Target.ts"

/** The 4xx answers after which the same request may succeed later. */
const transient = new Set([408, 409, 425, 429])

const refused = (why: string) => new DeliveryError({ why, permanent: true })
const failed = (why: string) => new DeliveryError({ why, permanent: false })

/** The failure that an answer other than 2xx stands for. Redirects are not followed: only the configured url may be called. */
const judge = (status: number) => {
  const why = `The webhook answered ${status}`
  if (status >= 300 && status < 400) return refused(`${why}, a redirect; set its final url`)
  return status >= 400 && status < 500 && !transient.has(status) ? refused(why) : failed(why)
}

/** Makes the target. `STINT_WEBHOOK_HOSTS` lists the hosts that may be called, separated by commas. */
export const makeWebhook = Effect.gen(function* () {
  const secrets = yield* makeSecrets
  const hosts = yield* Config.String("STINT_WEBHOOK_HOSTS").pipe(
    Config.withDefault(""),
    Config.map((list) => list.split(",").map((host) => host.trim()).filter((host) => host !== "")),
  )
  const post = yield* makeSender

  const send = Effect.fn("Webhook.deliver")(function* (
    { body, delivery_id }: Delivery,
    { secret_ref, url }: ExecutionSettings,
  ) {
    if (url === undefined || secret_ref === undefined) {
      return yield* refused("The hire's settings name no url or no secret_ref for the webhook")
    }
    const fault = webhookFault(url, hosts)
    if (fault !== undefined) return yield* refused(`The webhook's url ${fault}`)
    const secret = yield* Effect.mapError(secrets(secret_ref), ({ why }) => refused(why))
    const status = yield* Effect.mapError(post({ url, id: delivery_id, body, secret }), ({ why }) => failed(why))
    if (status < 200 || status >= 300) return yield* judge(status)
    return yield* DateTime.now
  })

  const target: Target = { deliver: send }
  return target
})
