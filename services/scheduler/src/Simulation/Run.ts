/** Pure: one simulation, in steps of a few milliseconds, so that whoever runs it can let others work in between. */
import { makeQueue, type Means, type Witness } from "./Queue.ts"
import { timeline } from "./Timeline.ts"
import type { Slots, Workload } from "./Workload.ts"

/** Runs every slot after `from` (epoch ms) through the queue; `spread` (seconds) is every goal's in place of its own. */
export function* simulation(
  workload: Workload,
  slots: Slots,
  from: number,
  means: Means,
  witness: Witness,
  spread?: number,
): Generator<void, void> {
  const queue = makeQueue(workload.overlap, means, witness)
  yield* timeline(workload, slots, from, queue.due, spread)
  yield* queue.finish()
}
