/** The alert to operators: deliveries that failed for good, one alert a customer. */
import { Alarms } from "@stint/edge/Alarm"
import { lookAtFailures, reconnect } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { Effect, Layer } from "effect"
import { DeliveriesRepo } from "./Repo.ts"

/** Failures count for a day, in seconds: after it, or once they are delivered or refused, the alert ends. */
const COUNTS_FOR = 86_400
/** How long a look may be missed before an alert ends, in milliseconds: several looks of any replica. */
const QUIET_MS = 120_000

/** Looks every half minute which customers have deliveries that failed for good, and begins and ends their alerts. */
export const watch = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* DeliveriesRepo
  const alarms = yield* Alarms

  const look = Effect.gen(function* () {
    const failed = yield* repo.failedOf(COUNTS_FOR)
    const holds = failed.map(({ customer_id, n }) => ({
      kind: "delivery_failed",
      subject: customer_id,
      message: `${n === 1 ? "a delivery" : `${n} deliveries`} of ${customer_id} failed for good: ` +
        `GET /api/v1/deliveries?customer_id=${customer_id}&state=failed lists them`,
      details: { failed: n },
    }))
    const over = (subject: string) => `no delivery of ${subject} has failed for good in the last 24 hours any more`
    yield* alarms.settle("delivery_failed", holds, QUIET_MS, over)
  })

  yield* Watchdog.guard("look at failed deliveries", "60 seconds")(look).pipe(
    Effect.sandbox,
    Effect.retry(reconnect),
    Effect.repeat(lookAtFailures),
    Effect.forkScoped,
  )
}))
