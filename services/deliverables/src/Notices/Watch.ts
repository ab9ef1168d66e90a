/** The alert to operators: channels that are dead, one alert each. */
import { Alarms } from "@stint/edge/Alarm"
import { lookAtChannels, reconnect } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { Effect, Layer } from "effect"
import { NoticesRepo } from "./Repo.ts"

/** How long a look may be missed before an alert ends, in milliseconds: several looks of any replica. */
const QUIET_MS = 120_000

/** Looks which channels are dead, and begins and ends their alerts. */
export const watch = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* NoticesRepo
  const alarms = yield* Alarms
  const look = Effect.gen(function* () {
    const dead = yield* repo.dead
    const holds = dead.map(({ channel_id, customer_id, person }) => ({
      kind: "notice_channel_dead",
      subject: `${customer_id}/${person}/${channel_id}`,
      message: `the channel ${channel_id} of ${person} (${customer_id}) takes no messages: ` +
        `GET /api/v1/reviewers/${person}?customer_id=${customer_id} says why`,
      details: { customer_id, person, channel_id },
    }))
    yield* alarms.settle(
      "notice_channel_dead",
      holds,
      QUIET_MS,
      (subject) => `the channel ${subject} works, or is gone`,
    )
  })
  yield* Watchdog.guard("look at dead channels", "60 seconds")(look).pipe(
    Effect.sandbox,
    Effect.retry(reconnect),
    Effect.repeat(lookAtChannels),
    Effect.forkScoped,
  )
}))
