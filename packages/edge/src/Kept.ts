/** A document that is read again and again: the last good one is kept while a newer one can't be read or is broken. */
import { Clock, Effect, Option, Result, Semaphore } from "effect"

/** What to read, and how. */
export interface Document<A> {
  /** For the log: the setting that names it. */
  readonly name: string
  /** Its text, or why it can't be read. */
  readonly load: Effect.Effect<string, string>
  /** Its content, or what is wrong with it: words that may be logged. */
  readonly parse: (text: string) => Result.Result<A, string>
  /** Called after its content has changed. */
  readonly changed: () => void
}

/** The document that is kept. */
export interface Kept<A> {
  /** The last good content; none before the first. */
  readonly value: () => Option.Option<A>
  /** Reads it now, and fails with what is wrong, which it also logs, once for each trouble. */
  readonly refresh: Effect.Effect<void, string>
  /** As `refresh` unless the last look is less than `millis` ago, and never fails. One look at a time: others wait for it. */
  readonly refreshIfOlder: (millis: number) => Effect.Effect<void>
}

/** Makes it; nothing is read yet. */
export const keep = <A>({ changed, load, name, parse }: Document<A>): Kept<A> => {
  const one = Semaphore.makeUnsafe(1)
  let good: { readonly text: string; readonly value: A } | undefined
  let trouble: string | undefined
  let looked = -Infinity

  const take = (text: string): Result.Result<void, string> => {
    if (good?.text === text) return Result.void
    return Result.map(parse(text), (value) => {
      good = { text, value }
      changed()
    })
  }

  const look = Effect.gen(function* () {
    looked = yield* Clock.currentTimeMillis
    yield* Effect.fromResult(take(yield* load))
    if (trouble === undefined) return
    trouble = undefined
    yield* Effect.logInfo(`${name} is read again`)
  }).pipe(
    Effect.tapError((why) =>
      Effect.suspend(() => {
        if (why === trouble) return Effect.void
        trouble = why
        return Effect.logWarning(`${name} ${why}${good === undefined ? "" : "; what was read before still holds"}`)
      })
    ),
  )

  return {
    value: () => good === undefined ? Option.none() : Option.some(good.value),
    refresh: one.withPermits(1)(look),
    refreshIfOlder: (millis) =>
      one.withPermits(1)(
        Effect.flatMap(Clock.currentTimeMillis, (now) => now - looked < millis ? Effect.void : Effect.ignore(look)),
      ),
  }
}
