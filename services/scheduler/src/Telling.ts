/**
 * Tells deliverables of dead letters, which tells the people of their customers (domain.md, "Notifications"). The mark on the row
 * is written once deliverables has taken it in: it may be told twice, and is recorded there once.
 */
import { lookForUntold, reconnect } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { Effect, Layer } from "effect"
import { Drafts } from "./Clients.ts"
import { TellingRepo } from "./Telling/Repo.ts"

/** How many are told in one call. */
const AT_ONCE = 200

/** Tells what is untold, in the background. While deliverables does not answer it is told at the next look. */
export const worker = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* TellingRepo
  const drafts = yield* Drafts

  const tell = Effect.gen(function* () {
    while (true) {
      const { gone, letters } = yield* repo.untold(AT_ONCE)
      if (letters.length > 0) yield* drafts.tellDeadLetters(letters)
      const done = [...letters.map(({ dlq_id }) => dlq_id), ...gone]
      if (done.length > 0) yield* repo.told(done)
      if (done.length < AT_ONCE) return
    }
  }).pipe(Effect.catch(({ message }) => Effect.logDebug(`dead letters are told later: ${message}`)))

  yield* Watchdog.guard("telling of dead letters", "60 seconds")(tell).pipe(
    Effect.sandbox,
    Effect.retry(reconnect),
    Effect.repeat(lookForUntold),
    Effect.forkScoped,
  )
}))
