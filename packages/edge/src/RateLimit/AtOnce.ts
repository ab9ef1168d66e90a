/** How many of one name are under way at once in this process; the others wait in their order. */
import { Context, Effect, Semaphore } from "effect"

/** Runs an effect, at once or when others have ended. */
export type Turn = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** How the request that is being handled waits for its turn once its body has arrived; it does not where nothing is said. */
export const Turn = Context.Reference<Turn>("stint/Turn", { defaultValue: () => (effect) => effect })

/** Makes `oneOf`, which runs an effect when fewer than `permits` of its name are under way. */
export const make = (permits: number) => {
  const names = new Map<string, { readonly semaphore: Semaphore.Semaphore; users: number }>()
  return (name: string): Turn => (effect) =>
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
