/** How many of one name are under way at once in this process; the others wait in their order. */
import { Effect, Semaphore } from "effect"

/** Makes `oneOf`, which runs an effect when fewer than `permits` of its name are under way. */
export const make = (permits: number) => {
  const names = new Map<string, { readonly semaphore: Semaphore.Semaphore; users: number }>()
  return <A, E, R>(name: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const known = names.get(name) ?? { semaphore: Semaphore.makeUnsafe(permits), users: 0 }
      names.set(name, known)
      known.users++
      return known.semaphore.withPermit(effect).pipe(
        // a name that nobody uses is forgotten
        Effect.ensuring(Effect.sync(() => {
          if (--known.users === 0) names.delete(name)
        })),
      )
    })
}
