/**
 * The circuit breaker before deliverables: while it is open no run is claimed, but one at a time as a probe, and that only
 * when deliverables says that it is there.
 */
import { Neighbours } from "@stint/edge/Neighbours"
import { probe } from "@stint/edge/Schedules"
import { Cause, Duration, Effect } from "effect"
import { CircuitBreaker } from "effect/persistence"
import type { Away, CallFailed } from "../Clients.ts"

/** What is called through the breaker. */
export const DOWNSTREAM = "deliverables"

/** How long to wait for a probe that another claim makes, in milliseconds. */
const PROBE_WAIT = 100

/** How long to wait until deliverables is asked again that says that it is away, in milliseconds. */
const ASK_WAIT = 1_000

/** How many runs the breaker lets through, or in how many milliseconds to ask again. */
export type Passage = { readonly limit: number } | { readonly wait: number }

/** The breaker. Only a call that did not reach deliverables counts as a failure. */
export const makeBreaker = Effect.gen(function* () {
  const breaker = yield* CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: probe })
  const neighbours = yield* Neighbours
  const state = Effect.orDie(breaker.state(DOWNSTREAM))
  /** A run is claimed as a probe only for one that answers: a call that is frozen would hold it for long. */
  const probing = Effect.map(
    neighbours.ask(DOWNSTREAM),
    (fault): Passage => fault === undefined ? { limit: 1 } : { wait: ASK_WAIT },
  )
  return {
    state,
    through: <A>(call: Effect.Effect<A, Away | CallFailed>) =>
      call.pipe(breaker.execute({
        key: DOWNSTREAM,
        classify: (exit) =>
          exit._tag === "Failure" &&
            Cause.findErrorOption(exit.cause).pipe((o) => o._tag === "Some" && o.value._tag === "Away")
            ? CircuitBreaker.failure()
            : CircuitBreaker.success,
      })),
    passage: Effect.flatMap(state, (now): Effect.Effect<Passage> => {
      switch (now._tag) {
        case "Closed":
          return Effect.succeed(neighbours.said(DOWNSTREAM) === undefined ? { limit: Infinity } : { wait: ASK_WAIT })
        case "HalfOpen":
          return now.probing ? Effect.succeed({ wait: PROBE_WAIT }) : probing
        case "Open": {
          const left = Duration.toMillis(now.retryAfter)
          return left > 0 ? Effect.succeed({ wait: left }) : probing
        }
      }
    }),
  }
})
