/** What a worker of this replica has in hand: so much at once, and so much of one customer, that none holds up another's. */
import { Effect, Fiber, Queue, type Scope } from "effect"

/** How much a replica has in hand at once, and of one customer. */
export interface Most {
  readonly atOnce: number
  readonly ofCustomer: number
}

/** The work of this replica that is under way, by customer. */
export const makeInHand = ({ atOnce, ofCustomer }: Most) =>
  Effect.map(Queue.sliding<void>(1), (ended) => {
    const counts = new Map<string, number>()
    const fibers = new Set<Fiber.Fiber<void>>()
    const add = (customer_id: string, n: number) => {
      const left = (counts.get(customer_id) ?? 0) + n
      if (left > 0) counts.set(customer_id, left)
      else counts.delete(customer_id)
    }
    return {
      now: { counts, most: ofCustomer },
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
