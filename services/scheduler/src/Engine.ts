/** The engine: sleeps until something is due, claims it, has its draft made, and writes the outcome. */
import { Health } from "@stint/edge/Health"
import { type Gauge, StateMetrics } from "@stint/edge/Metrics"
import { oneLine, outage } from "@stint/edge/OutageLog"
import { whole } from "@stint/edge/Refusal"
import { reconnect } from "@stint/edge/Schedules"
import { Effect, FiberSet, Layer } from "effect"
import { CircuitBreaker } from "effect/persistence"
import { DOWNSTREAM, makeBreaker } from "./Engine/Breaker.ts"
import { makeCycle } from "./Engine/Cycle.ts"
import { makeCall, makeExecute } from "./Engine/Execute.ts"
import { makeInHand } from "./Engine/InHand.ts"
import { makeLooks } from "./Engine/Looks.ts"
import { Queue } from "./Queue.ts"
import { Replicas } from "./Replicas.ts"

/** How long a drain waits for work under way before it releases it, in milliseconds. */
const DRAIN_MS = 8_000

/** A gauge for each state of the breaker: 1 for the one that it is in. */
const breakerGauges = (breaker: Effect.Success<typeof makeBreaker>) =>
  Effect.map(breaker.state, ({ _tag }) =>
    (["Closed", "HalfOpen", "Open"] as const).map((state): Gauge => ({
      name: "scheduler_breaker",
      help: "Which state this replica's circuit breaker is in",
      labels: { downstream: DOWNSTREAM, state: state.toLowerCase() },
      value: state === _tag ? 1 : 0,
    })))

/** Repeats a cycle for ever, through outages of the database; while it fails, the service is not ready. */
const repeated = Effect.fnUntraced(function* <A, E>(cycle: Effect.Effect<A, E>) {
  const health = yield* Health
  let fault: string | undefined
  const { failed, worked } = outage("the engine")
  yield* health.require({
    name: "engine",
    check: Effect.suspend(() => fault === undefined ? Effect.void : Effect.fail(`can't work now: ${fault}`)),
  })
  return cycle.pipe(
    Effect.tap(() =>
      Effect.suspend(() => {
        fault = undefined
        return worked
      })
    ),
    Effect.sandbox,
    Effect.tapError((cause) =>
      Effect.suspend(() => {
        fault = oneLine(cause)
        return failed(cause)
      })
    ),
    Effect.retry(reconnect),
    Effect.forever,
  )
})

/** The engine as background work. Drained, it claims no more, waits for what it has in hand, and releases the rest. */
export const worker = Layer.effectDiscard(Effect.gen(function* () {
  const health = yield* Health
  const state = yield* StateMetrics
  const queue = yield* Queue
  const { own, permits } = yield* Replicas
  const retriesPerSecond = yield* whole("STINT_RETRIES_PER_SECOND", 1, 100_000, 100, "retries a second")
  const breaker = yield* makeBreaker
  const working = yield* FiberSet.make<void>()
  const call = yield* makeCall(breaker)
  const looks = yield* makeLooks(breaker, (runs) => call(runs, undefined))
  const cycle = yield* makeCycle({
    holder: own,
    retriesPerSecond,
    breaker,
    inHand: makeInHand(permits),
    execute: yield* makeExecute(call, looks.hint),
    working,
  })
  yield* state.add("engine", breakerGauges(breaker), "1 second")
  // what a crash left: runs that stand in the queue alone, and those that wait behind none
  yield* Effect.sandbox(Effect.andThen(queue.record("all"), queue.releaseStuck)).pipe(
    Effect.retry(reconnect),
    Effect.forkScoped,
  )
  const loop = yield* Effect.forkScoped(yield* repeated(cycle))
  const looking = yield* Effect.forkScoped(looks.worker)
  yield* health.onDrain(Effect.gen(function* () {
    loop.interruptUnsafe()
    looking.interruptUnsafe()
    yield* FiberSet.awaitEmpty(working).pipe(Effect.timeoutOption(DRAIN_MS))
    yield* FiberSet.clear(working)
  }))
})).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))
