/**
 * One statement, call or write for what many fibers ask at the same time, and so one commit. Who asks while nothing is under
 * way waits for what else comes in the same turn of the event loop; who asks meanwhile is asked for with all others in the
 * next one. None begins before whom it is for asked.
 */
import { Cause, Deferred, Effect, Exit } from "effect"
import { SqlError } from "effect/sql"
import { faultOf } from "./SqlErrors.ts"

/** How many are asked for at once. */
const MOST = 50
/** How many statements are under way at once unless it is said: one is being prepared while another one commits. */
const UNDER_WAY = 2

/** What is asked, and how. */
export interface Gathering<A, B, E> {
  /** Asks for all; their answers in the same order. It is asked again for each alone when the statement of many failed. */
  readonly ask: (all: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>, E>
  /** The row that it is about: two of one name never are in one statement. */
  readonly nameOf: (one: A) => string
  /** How many are under way at once. One is right for a read that takes no time: the more share the next one. */
  readonly atOnce?: number
}

interface Waiting<A, B, E> {
  readonly one: A
  readonly answer: Deferred.Deferred<B, E>
}

/** Whether the database is away: then there is no use in asking for each alone. */
const isAway = (cause: Cause.Cause<unknown>): boolean => {
  const error = Cause.squash(cause)
  return SqlError.isSqlError(error) && faultOf(error) !== undefined
}

/** Makes the function that asks for one. What it began ends also when its caller is interrupted. */
export const gather = <A, B, E>(
  { ask, atOnce = UNDER_WAY, nameOf }: Gathering<A, B, E>,
): Effect.Effect<(one: A) => Effect.Effect<B, E>> =>
  Effect.map(Effect.context<never>(), (context) => {
    let waiting: Array<Waiting<A, B, E>> = []
    let underWay = 0
    /** Whether one begins in the next turn of the event loop: what else came in this one goes along. */
    let isBeginning = false

    const take = (): Array<Waiting<A, B, E>> => {
      const names = new Set<string>()
      const [taken, left]: [typeof waiting, typeof waiting] = [[], []]
      for (const one of waiting) {
        const name = nameOf(one.one)
        if (taken.length === MOST || names.has(name)) left.push(one)
        else taken.push(one)
        names.add(name)
      }
      waiting = left
      return taken
    }

    const askFor = (asked: ReadonlyArray<Waiting<A, B, E>>): Effect.Effect<void> =>
      Effect.flatMap(Effect.exit(ask(asked.map(({ one }) => one))), (exit) => {
        if (Exit.isFailure(exit) && asked.length > 1 && !isAway(exit.cause)) {
          return Effect.forEach(asked, (one) => askFor([one]), { concurrency: atOnce, discard: true })
        }
        asked.forEach(({ answer }, n) => Deferred.doneUnsafe(answer, Exit.map(exit, (answers) => answers[n]!)))
        return Effect.void
      })

    const begin = () => {
      if (isBeginning || underWay === atOnce || waiting.length === 0) return
      isBeginning = true
      underWay++
      Effect.runForkWith(context)(
        Effect.yieldNow.pipe(
          Effect.andThen(Effect.suspend(() => {
            isBeginning = false
            const taken = take()
            begin()
            return askFor(taken)
          })),
          Effect.ensuring(Effect.sync(() => {
            underWay--
            begin()
          })),
        ),
      )
    }

    return (one) =>
      Effect.suspend(() => {
        const answer = Deferred.makeUnsafe<B, E>()
        waiting.push({ one, answer })
        begin()
        return Deferred.await(answer)
      })
  })
