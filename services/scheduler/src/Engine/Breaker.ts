/** The circuit breaker before deliverables: while it is open no run is claimed, but one at a time as a probe. */
import { probe } from "@stint/edge/Schedules"
import { Cause, Duration, Effect } from "effect"
import { CircuitBreaker } from "effect/persistence"
import type { Away, CallFailed } from "../Clients.ts"

/** What is called through the breaker. */
export const DOWNSTREAM = "deliverables"

/** How long to wait for a probe that another claim makes, in milliseconds. */
const PROBE_WAIT = 100

/** How many runs the breaker lets through, or in how many milliseconds to ask again. */
export type Passage = { readonly limit: number } | { readonly wait: number }

/** The breaker. Only a call that did not reach deliverables counts as a failure. */
export const makeBreaker = Effect.gen(function* () {
  const breaker = yield* CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: probe })
  const state = Effect.orDie(breaker.state(DOWNSTREAM))
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
    passage: Effect.map(state, (now): Passage => {
      switch (now._tag) {
        case "Closed":
          return { limit: Infinity }
        case "HalfOpen":
          return now.probing ? { wait: PROBE_WAIT } : { limit: 1 }
        case "Open": {
          const left = Duration.toMillis(now.retryAfter)
          return left > 0 ? { wait: left } : { limit: 1 }
        }
      }
    }),
  }
})
