/** Pure: one simulation, in steps of a few milliseconds, so that its caller can yield to others between two of them. */
import { type Means, type Observer, VirtualQueue } from "./Queue.ts"
import { timeline } from "./Timeline.ts"
import type { Slots, Workload } from "./Workload.ts"

/** Runs every slot after `from` (epoch ms) through the queue; `spread` (seconds) replaces the spread of every goal. */
export function* simulation(
  workload: Workload,
  slots: Slots,
  from: number,
  means: Means,
  observer: Observer,
  spread?: number,
): Generator<void, void> {
  const queue = new VirtualQueue(workload.overlap, means, observer)
  const starts = {
    ready: (due: number) => queue.advance(due),
    start: (goal: number, due: number) => queue.due(goal, due),
  }
  yield* timeline(workload, slots, from, starts, spread)
  while (!queue.advance(Infinity)) yield
}
