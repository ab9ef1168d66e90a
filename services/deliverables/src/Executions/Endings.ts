/** Refuses what waits to be delivered of a hire that ended, as soon as the feed says that it runs no more. */
import type { HiredInstanceId } from "@stint/domain/Ids"
import { Effect } from "effect"
import { Hiring } from "../Clients.ts"
import { ExecutionsRepo } from "./Repo.ts"
import { endedHire } from "./Standing.ts"

/** Makes the function that asks hiring how these hires stand, and refuses the pending executions of those that ended. */
export const makeEndings = Effect.gen(function* () {
  const repo = yield* ExecutionsRepo
  const hiring = yield* Hiring

  return Effect.fn("Executions.endings")(function* (stopped: ReadonlyArray<HiredInstanceId>) {
    const awaited = stopped.length === 0 ? [] : yield* repo.awaited(stopped)
    if (awaited.length === 0) return
    const { hires } = yield* hiring.lookup({ hired_instance_ids: awaited })
    // one that is not found is refused by its next attempt
    for (const hire of hires) {
      const ended = endedHire(hire, hire.customer_id)
      if (ended !== undefined) yield* repo.refuseHire(hire.hired_instance_id, ended.code, ended.why)
    }
  })
})
