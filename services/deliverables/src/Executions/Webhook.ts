/** The target `webhook`: a POST of a signed envelope, as in Standard Webhooks 1.0 (standardwebhooks.com; docs/webhooks.md). */
import type { DeliveryTarget } from "@stint/domain/Definition/HireSettings"
import { webhookFault } from "@stint/domain/Definition/HireSettingsFaults"
import { hostList } from "@stint/edge/Places"
import { makeSecrets } from "@stint/edge/Secrets"
import { type Answer, makeSender } from "@stint/edge/Webhooks"
import { DateTime, Effect } from "effect"
import { type Delivery, DeliveryError, type Target } from "./Target.ts"

/** The longest wait that a receiver may ask for, in milliseconds: a day. */
export const LONGEST_RETRY_AFTER = 86_400_000

const ends = (why: string) => new DeliveryError({ why, permanent: true })
const failed = (why: string) => new DeliveryError({ why, permanent: false })

/**
 * The body of the request: the same bytes on every attempt. The approved payload is inserted byte for byte, not serialized
 * again. `timestamp` is when it was executed; when it was sent, the header `webhook-timestamp` says.
 */
export const envelopeOf = (delivery: Delivery): string => {
  const head = JSON.stringify({
    type: "deliverable.executed",
    timestamp: DateTime.formatIso(delivery.created_at),
    data: {
      delivery_id: delivery.delivery_id,
      customer_id: delivery.customer_id,
      hired_instance_id: delivery.hired_instance_id,
      goal_instance_id: delivery.goal_instance_id,
      deliverable_id: delivery.deliverable_id,
      approval_id: delivery.approval_id,
      revision: delivery.revision,
      content_sha256: delivery.content_sha256,
    },
  })
  return `${head.slice(0, -2)},"payload":${delivery.body}}}`
}

/** The wait that the answer asks for, with the words that say it. */
const waitOf = ({ retryAfter }: Answer) => {
  if (retryAfter === undefined) return { said: "" }
  const said = ` and asks to wait ${Math.ceil(retryAfter / 1000)} seconds`
  return retryAfter <= LONGEST_RETRY_AFTER
    ? { said, retryAfter }
    : { said: `${said}; it is tried again after a day`, retryAfter: LONGEST_RETRY_AFTER }
}

/**
 * The failure that an answer other than 2xx stands for. 410 says that the receiver wants no more; after any other the same
 * request may succeed later, once the receiver is deployed. Redirects are not followed: only the approved url may be called.
 */
const judge = (answer: Answer) => {
  const { status } = answer
  if (status === 410) return ends("The webhook answered 410: it wants no more deliveries")
  const { said, ...wait } = waitOf(answer)
  const redirect = status >= 300 && status < 400 ? ", a redirect, which is not followed" : ""
  return new DeliveryError({ why: `The webhook answered ${status}${redirect}${said}`, permanent: false, ...wait })
}

/** Makes the target. `STINT_WEBHOOK_HOSTS` lists the hosts that may be called, and by whom. */
export const makeWebhook = Effect.gen(function* () {
  const secrets = yield* makeSecrets
  const hosts = yield* hostList("STINT_WEBHOOK_HOSTS")
  const post = yield* makeSender

  const deliver = Effect.fn("Webhook.deliver")(function* (delivery: Delivery, { secret_ref, url }: DeliveryTarget) {
    if (url === undefined || secret_ref === undefined) {
      return yield* ends("The hire's settings name no url or no secret_ref for the webhook")
    }
    const fault = webhookFault(url, hosts, delivery.customer_id)
    if (fault !== undefined) return yield* failed(`The webhook's url ${fault}`)
    const signing = yield* Effect.mapError(secrets(delivery.customer_id, secret_ref), ({ why }) => failed(why))
    const message = { url, id: delivery.delivery_id, body: envelopeOf(delivery), secrets: signing }
    const answer = yield* Effect.mapError(post(message), ({ why }) => failed(why))
    if (answer.status < 200 || answer.status >= 300) return yield* judge(answer)
    return yield* DateTime.now
  })

  const target: Target = { deliver }
  return target
})
