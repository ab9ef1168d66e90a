/** The engine: sleeps until something is due, claims it, has its draft made, writes what became of it. */
import { Health } from "@stint/edge/Health"
import { type Gauge, StateMetrics } from "@stint/edge/Metrics"
import { whole } from "@stint/edge/Refusal"
import { oneLine, outage } from "@stint/edge/Outage"
import { delayAfter, MAX_ATTEMPTS, reconnect, runRetry } from "@stint/edge/Schedules"
import { uuidv7 } from "@stint/edge/Ids"
import { Cause, Clock, Duration, Effect, FiberSet, Layer, Schedule } from "effect"
import { CircuitBreaker } from "effect/persistence"
import { Drafts } from "./Clients.ts"
import { failed, outcomeOf } from "./Engine/Classify.ts"
import { CLAIMED_AT_ONCE } from "./Engine/Fair.ts"
import { type DuePlan, planDue } from "./Engine/Plan.ts"
import type { Outcome } from "./Engine/Outcome.ts"
import { type DueGoal, EngineRepo } from "./Engine/Repo.ts"
import { type ClaimedRun, keyOf } from "./Model.ts"
import { Nudge } from "./Nudge.ts"

/** How long a claim holds, in milliseconds; renewed at a third of it, its work abandoned at two thirds. */
export const LEASE_MS = 10_000
/** How many due goals are decided over at once. */
const GOALS = 500
/** The longest sleep, in milliseconds: what a lost hint can cost. */
const LONGEST_SLEEP = 60_000
/** The longest sleep while others have locked what is ready, in milliseconds. */
const LOCKED_SLEEP = 5_000
/** How long a drain waits for work under way before it hands it back, in milliseconds. */
const DRAIN_MS = 8_000
const DOWNSTREAM = "deliverables"

/** A goal that can't be evaluated (a zone that this runtime does not know) stops, and its neighbours do not. */
const planOrStop = ({ goal, open, timezone }: DueGoal, now: number): DuePlan => {
  try {
    return planDue(goal, timezone, open, now)
  } catch (error) {
    const at = goal.next_slot ?? now
    return {
      slots: [],
      range: {
        from: at,
        to: at,
        reason: `the schedule can't be evaluated: ${error instanceof Error ? error.message : error}`,
      },
      next: { next_slot: null, due_at: null },
    }
  }
}

/** While deliverables is away: probes after 0.25, 0.5, 1, 2, then every 4 seconds, within the 5 s of domain.md. */
const probing = Schedule.min([Schedule.exponential("250 millis", 2), Schedule.spaced("4 seconds")])

/** The engine as a background layer. */
export const layer = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* EngineRepo
  const drafts = yield* Drafts
  const nudge = yield* Nudge
  const health = yield* Health
  const state = yield* StateMetrics
  const permits = yield* whole("STINT_MAX_RUNNING", 1, 100_000, 800)
  const retriesPerSecond = yield* whole("STINT_RETRIES_PER_SECOND", 1, 100_000, 100)
  const breaker = yield* CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: probing })
  const holder = `scheduler-${uuidv7(Date.now())}`
  const working = yield* FiberSet.make<void>()
  let held = 0
  let inVain = 0
  /** A run is in hand that may end this process: nothing joins it. */
  let alone = false
  let suspectsNext = true
  let fault: string | undefined
  const { failed: stopped, worked } = outage("the engine")

  /** Holds the runs of a batch until interrupted; ends when they can't be held any more, before the lease can end. */
  const holding = Effect.fnUntraced(function* (runs: ReadonlyArray<ClaimedRun>) {
    let renewed = yield* Clock.currentTimeMillis
    while (true) {
      yield* Effect.sleep(LEASE_MS / 3)
      const still = yield* repo.renew(runs, LEASE_MS).pipe(Effect.timeout(LEASE_MS / 6), Effect.exit)
      const now = yield* Clock.currentTimeMillis
      if (still._tag === "Success" && still.value.size > 0) renewed = now
      else if (still._tag === "Success" || now - renewed >= LEASE_MS / 3 * 2) return
    }
  })

  const call = Effect.fnUntraced(function* (runs: ReadonlyArray<ClaimedRun>): Effect.fn.Return<ReadonlyArray<Outcome>> {
    const answered = yield* drafts.make(runs).pipe(
      breaker.execute({
        key: DOWNSTREAM,
        classify: (exit) =>
          exit._tag === "Failure" &&
            Cause.findErrorOption(exit.cause).pipe((o) => o._tag === "Some" && o.value._tag === "Away")
            ? CircuitBreaker.failure()
            : CircuitBreaker.success,
      }),
      Effect.result,
    )
    if (answered._tag === "Success") {
      const byKey = new Map(answered.success.map((answer) => [answer.idempotency_key, answer]))
      return yield* Effect.forEach(
        runs,
        (run) =>
          Effect.map(
            delayAfter(runRetry, run.attempt),
            (delay) => outcomeOf(run, byKey.get(keyOf(run.goal_instance_id, run.scheduled_time)), delay),
          ),
      )
    }
    const error = answered.failure
    if (error._tag === "CallFailed") {
      return yield* Effect.forEach(
        runs,
        (run) =>
          Effect.map(
            delayAfter(runRetry, run.attempt),
            (delay) => failed(run, { type: error.type, message: error.message }, delay),
          ),
      )
    }
    yield* Effect.logWarning(`deliverables is away: ${error.message}`)
    return runs.map((run) => ({ _tag: "HandBack", run, delayMs: 200 }))
  })

  const settle = (outcomes: ReadonlyArray<Outcome>) =>
    repo.settle(outcomes).pipe(
      // the database may restart under us: what is written twice finds its fence gone and changes nothing
      Effect.sandbox,
      Effect.retry(reconnect.pipe(Schedule.upTo({ duration: LEASE_MS }))),
      Effect.catchCause((cause) => Effect.logWarning("outcomes could not be written; their leases will end", cause)),
    )

  const handBack = (runs: ReadonlyArray<ClaimedRun>) =>
    settle(runs.map((run) => ({ _tag: "HandBack", run, delayMs: 0 })))

  const execute = (runs: ReadonlyArray<ClaimedRun>) =>
    Effect.raceFirst(
      call(runs),
      Effect.as(holding(runs), undefined),
    ).pipe(
      Effect.flatMap((outcomes) =>
        outcomes === undefined
          ? Effect.logWarning(`gave up ${runs.length} runs: their leases could not be held`)
          : Effect.asVoid(settle(outcomes))
      ),
      Effect.onInterrupt(() => handBack(runs)),
      Effect.ensuring(Effect.suspend(() => {
        held -= runs.length
        alone = false
        return nudge.here
      })),
    )

  /** How many runs may be claimed now, or in how many milliseconds to look again. */
  const room = Effect.fnUntraced(function* () {
    if (alone) return { wait: LONGEST_SLEEP }
    const state = yield* Effect.orDie(breaker.state(DOWNSTREAM))
    if (state._tag === "Open") {
      const left = Duration.toMillis(state.retryAfter)
      return left > 0 ? { wait: left } : { limit: 1 }
    }
    if (state._tag === "HalfOpen") return state.probing ? { wait: 100 } : { limit: 1 }
    const free = Math.min(permits - held, CLAIMED_AT_ONCE)
    return free > 0 ? { limit: free } : { wait: LONGEST_SLEEP }
  })

  const cycle = Effect.gen(function* () {
    const { ready, wake = LONGEST_SLEEP } = yield* repo.look()
    const untilDue = Math.min(Math.ceil(wake), LONGEST_SLEEP)
    if (!ready && wake > 0) return yield* nudge.wait(untilDue)
    const decided = wake > 0 ? 0 : yield* repo.materialise(GOALS, planOrStop)
    const space = yield* room()
    if ("wait" in space) return decided > 0 || (yield* nudge.wait(space.wait))
    // whole or not at all: what was claimed is in hand, also when the engine is told to stop at this moment
    const open = yield* Effect.uninterruptible(Effect.gen(function* () {
      const limit = space.limit
      const claim = yield* repo.claim({
        holder,
        limit,
        leaseMs: LEASE_MS,
        maxAttempts: MAX_ATTEMPTS,
        retriesPerSecond,
        suspects: !suspectsNext ? "skip" : held === 0 ? "take" : "wait",
      })
      const othersTurn = !suspectsNext
      // a suspect and a batch of the others take turns, however many there are of either
      suspectsNext = !claim.alone
      if (claim.runs.length === 0) return othersTurn ? undefined : claim.open
      inVain = 0
      held += claim.runs.length
      alone = claim.alone
      yield* FiberSet.run(working, Effect.interruptible(execute(claim.runs)))
      return undefined
    }))
    if (open === undefined || decided > 0) return true
    // Ready, yet nothing to take. What is paused or over its limit waits for a nudge; else another replica has it locked at
    // this moment, and should that one die, nobody says so: look again, ever less often
    const again = open || wake <= 0 ? Math.min(50 * 2 ** inVain++, LOCKED_SLEEP) : LONGEST_SLEEP
    return yield* nudge.wait(Math.min(again, wake > 0 ? untilDue : LONGEST_SLEEP))
  }).pipe(
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
        return stopped(cause)
      })
    ),
    Effect.retry(reconnect),
  )

  yield* state.add(
    "engine",
    Effect.map(
      Effect.orDie(breaker.state(DOWNSTREAM)),
      ({ _tag }) =>
        (["Closed", "HalfOpen", "Open"] as const).map((state): Gauge => ({
          name: "scheduler_breaker",
          help: "Which state this replica's circuit breaker is in",
          labels: { downstream: DOWNSTREAM, state: state.toLowerCase() },
          value: state === _tag ? 1 : 0,
        })),
    ),
    "1 second",
  )
  yield* health.require({
    name: "engine",
    check: Effect.suspend(() => fault === undefined ? Effect.void : Effect.fail(`can't work now: ${fault}`)),
  })
  yield* Effect.sandbox(repo.sweep()).pipe(Effect.retry(reconnect), Effect.forkScoped)
  const loop = yield* Effect.forkScoped(Effect.forever(cycle))
  yield* health.onDrain(Effect.gen(function* () {
    loop.interruptUnsafe()
    yield* FiberSet.awaitEmpty(working).pipe(Effect.timeoutOption(DRAIN_MS))
    yield* FiberSet.clear(working)
  }))
})).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))
