/** How long the client of Postgres waits, and what its caller gets when that is over. */
import { type Context, Effect, Fiber } from "effect"
import { SqlError } from "effect/sql"
import type { Watchdog } from "../Watchdog.ts"
import { NoAnswer } from "./SqlErrors.ts"

/** The name of its work in the watchdog's log and metric. */
export const WHAT = "database"
/** Its step while it has no connection yet. */
export const WAITS = "waits for a connection"

/** How long the client waits, in milliseconds. */
export interface Deadlines {
  /** For a free connection of the pool, a new one included. */
  readonly checkoutMs: number
  /** For the answer to a statement. Longer than the server's statement_timeout, whose error says more. */
  readonly answerMs: number
}

export type Watch = Context.Service.Shape<typeof Watchdog>
export type Work = ReturnType<Watch["begin"]>

/** What a caller gets when the deadline has passed. */
export const lateError = ({ deadlineMs }: Work) => {
  const message = `no answer within ${deadlineMs / 1000} s`
  return new SqlError.SqlError({
    reason: new SqlError.ConnectionError({ cause: new NoAnswer(message), message, operation: "query" }),
  })
}

/** Runs an effect in a fiber of its own, which the caller leaves behind when the deadline passes. */
export const bounded = <A, E, R>(
  watch: Watch,
  step: string,
  deadlineMs: number,
  self: (work: Work) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E | SqlError.SqlError, R> =>
  Effect.withFiber((fiber) =>
    Effect.callback((resume) => {
      const work = watch.begin({
        what: WHAT,
        step,
        deadlineMs,
        context: fiber.context,
        onLate: () => {
          resume(Effect.fail(lateError(work)))
          child.interruptUnsafe()
        },
      })
      const child = Effect.runForkWith(fiber.context as Context.Context<R>)(self(work))
      child.addObserver((exit) => {
        watch.end(work)
        resume(exit)
      })
      return Fiber.interrupt(child)
    })
  )
