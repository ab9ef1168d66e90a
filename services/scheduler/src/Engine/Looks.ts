/**
 * Looks at runs whose drafts are being made: asks deliverables again under the same keys, many at once, at a growing pace, until a
 * draft or a problem is there. A run that is cancelled meanwhile has its making cancelled.
 */
import { delayAfter, lookAtMaking, reconnect } from "@stint/edge/Schedules"
import { outage } from "@stint/edge/OutageLog"
import { Effect, Queue as Hints } from "effect"
import { Drafts } from "../Clients.ts"
import type { ClaimedRun } from "../Model.ts"
import { Queue } from "../Queue.ts"
import type { Outcome } from "../Queue/Outcome.ts"
import type { Looked } from "../Queue/Repo/Makings.ts"
import type { makeBreaker } from "./Breaker.ts"

/** The longest sleep, in milliseconds: how long a run waits whose replica died right after it was set aside. */
const LONGEST_SLEEP = 60_000
/** The pause between two takes, so that what falls due together is asked for together. ms */
const TOGETHER = 200
/** How long to wait for the next look at a run that could not be asked for, in milliseconds. */
const UNASKED = 5_000
/** After so many looks the pace grows no more. */
const GROWS = 9

type Call = (runs: ReadonlyArray<ClaimedRun>) => Effect.Effect<ReadonlyArray<Outcome>>

/** What is written after a look: outcomes, and when to look again. */
export interface Seen {
  readonly ended: ReadonlyArray<Outcome>
  readonly again: ReadonlyArray<{ readonly outcome: Outcome; readonly pace: boolean }>
}

/** Pure: parts the outcomes of a look. A run that could not be asked for goes on being made, whatever that says of its attempt. */
export const partSeen = (outcomes: ReadonlyArray<Outcome>): Seen => ({
  ended: outcomes.filter(({ _tag }) => _tag !== "Making" && _tag !== "Released"),
  again: outcomes.filter(({ _tag }) => _tag === "Making" || _tag === "Released").map((outcome) => ({
    outcome,
    pace: outcome._tag === "Making",
  })),
})

/** Makes the looks of one replica; `hint` wakes it when a run was set aside. */
export const makeLooks = Effect.fnUntraced(function* (breaker: Effect.Success<typeof makeBreaker>, call: Call) {
  const queue = yield* Queue
  const drafts = yield* Drafts
  const hints = yield* Hints.sliding<void>(1)

  /** The makings of runs that are not under way any more. */
  const cancelGone = Effect.fnUntraced(function* (gone: ReadonlyArray<Looked>) {
    if (gone.length === 0) return
    yield* drafts.cancelMakings(gone.map((one) => one.idempotency_key)).pipe(
      Effect.flatMap(() => queue.forgetMakings(gone)),
      // the next look tries again
      Effect.catch((error) =>
        Effect.logInfo(`makings of ${gone.length} cancelled runs are cancelled later: ${error.message}`)
      ),
    )
  })

  const write = Effect.fnUntraced(function* (outcomes: ReadonlyArray<Outcome>, looks: ReadonlyMap<string, number>) {
    const { again, ended } = partSeen(outcomes)
    if (ended.length > 0) {
      yield* queue.writeOutcomes(ended)
      yield* queue.forgetMakings(ended.map(({ run }) => run))
    }
    const next = yield* Effect.forEach(again, ({ outcome, pace }) =>
      Effect.map(
        delayAfter(lookAtMaking, Math.min((looks.get(outcome.run.scheduled_run_id) ?? 0) + 1, GROWS)),
        (delay) => ({
          run: outcome.run,
          making: outcome._tag === "Making" ? outcome.making : null,
          delayMs: pace ? delay ?? UNASKED : UNASKED,
        }),
      ))
    if (next.length > 0) yield* queue.lookAgain(next)
  })

  const look = Effect.gen(function* () {
    const passage = yield* breaker.passage
    if ("wait" in passage) return yield* Effect.as(Effect.sleep(passage.wait), true)
    const looked = yield* queue.takeLooks
    if (looked.length === 0) return false
    const runs = looked.flatMap(({ run }) => run ?? [])
    const looks = new Map(looked.map((one) => [one.scheduled_run_id, one.looks]))
    yield* cancelGone(looked.filter(({ run }) => run === null))
    const outcomes = runs.length === 0 ? [] : yield* call(runs)
    yield* write(outcomes, looks)
    yield* Effect.sleep(TOGETHER)
    return true
  })

  const { failed, worked } = outage("the looks at makings")
  const worker = Effect.gen(function* () {
    const wait = yield* queue.nextLook
    yield* worked
    if (wait !== undefined && wait <= 0 && (yield* look)) return
    yield* Effect.timeoutOption(Hints.take(hints), Math.min(Math.max(wait ?? LONGEST_SLEEP, TOGETHER), LONGEST_SLEEP))
  }).pipe(Effect.sandbox, Effect.tapError(failed), Effect.retry(reconnect), Effect.forever)

  return { worker, hint: Effect.asVoid(Hints.offer(hints, undefined)) }
})
