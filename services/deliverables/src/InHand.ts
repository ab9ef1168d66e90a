/** Counts the background work of a replica, so that no customer takes all of its turns. */
import { Effect, Fiber, Queue, type Scope } from "effect"

/** The work of this replica that is under way, by customer: so many at once, and so many of one. */
export const makeInHand = ({ atOnce, ofACustomer }: { readonly atOnce: number; readonly ofACustomer: number }) =>
  Effect.map(Queue.sliding<void>(1), (ended) => {
  const counts = new Map<string, number>()
  const fibers = new Set<Fiber.Fiber<void>>()
  const add = (customer_id: string, n: number) => {
    const left = (counts.get(customer_id) ?? 0) + n
    if (left > 0) counts.set(customer_id, left)
    else counts.delete(customer_id)
  }
  return {
    now: { counts, most: ofACustomer },
    free: () => atOnce - [...counts.values()].reduce((sum, n) => sum + n, 0),
    /** Does the work in a fiber of the scope, and counts it until it ends. */
    take: (customer_id: string, scope: Scope.Scope, work: Effect.Effect<void>) =>
      Effect.suspend(() => {
        add(customer_id, 1)
        return Effect.ensuring(
          work,
          Effect.suspend(() => {
            add(customer_id, -1)
            return Queue.offer(ended, undefined)
          }),
        ).pipe(
          Effect.forkIn(scope),
          Effect.tap((fiber) =>
            Effect.sync(() => {
              fibers.add(fiber)
              fiber.addObserver(() => fibers.delete(fiber))
            })
          ),
        )
      }),
    /** Waits until one ends. */
    ended: Queue.take(ended),
    /** Waits until all have ended. */
    done: Effect.suspend(() => Fiber.awaitAll([...fibers])),
  }
})
