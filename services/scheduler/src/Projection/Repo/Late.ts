/** Looks again at what was decided after an edit's instant, before the edit was read. */
import { Effect } from "effect"
import { iso } from "../../Model.ts"
import { Queue } from "../../Queue.ts"
import { judgeLate, type ProjectionPlan } from "../Plan.ts"
import { projectionReads, projectionWrites } from "./Statements.ts"

/** Takes back what an edit drops, and makes room for what it makes again, in the caller's transaction; the goals that lost runs. */
export const lateReviser = Effect.gen(function* () {
  const queue = yield* Queue
  const reads = yield* projectionReads
  const writes = yield* projectionWrites
  return Effect.fnUntraced(function* ({ revised }: ProjectionPlan) {
    if (revised.length === 0) return []
    const late = yield* reads.lateSlots(
      revised.map(({ goal_instance_id, since }) => ({ goal: goal_instance_id, since: iso(since)! })),
    )
    const { dropped, remove, undropped } = judgeLate(revised, late)
    if (undropped.length > 0) yield* writes.deleteDropped(undropped)
    const removed = new Set<string>(remove.length === 0 ? [] : yield* queue.remove(remove))
    const gone = late.filter(({ scheduled_run_id }) => scheduled_run_id !== null && removed.has(scheduled_run_id))
    const unmade = new Set(gone.map(({ goal_instance_id, slot }) => `${goal_instance_id} ${slot}`))
    const recorded = dropped.filter((one) => unmade.has(`${one.goal_instance_id} ${one.from_slot}`))
    if (recorded.length > 0) yield* writes.insertDropped(recorded)
    return gone.map((one) => one.goal_instance_id)
  })
})
