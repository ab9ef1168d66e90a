/** Writes the outcomes of claims: by kind, each under its fence, then the next runs of their goals and the counters. */
import { Effect } from "effect"
import { Increments } from "./Counters.ts"
import { fingerprintOf } from "./Fingerprint.ts"
import type { Dead, Outcome } from "./Outcome.ts"
import type { QueueRepo } from "./Repo.ts"
import { fencedOf } from "./Row.ts"

/** How many outcomes were written, their fences still standing, and how many waiting runs may start now. */
export interface Written {
  readonly written: number
  readonly released: number
}

const ofTag = <T extends Outcome["_tag"]>(outcomes: ReadonlyArray<Outcome>, tag: T) =>
  outcomes.filter((outcome): outcome is Extract<Outcome, { readonly _tag: T }> => outcome._tag === tag)

const seconds = ({ delayMs }: { readonly delayMs: number }) => delayMs / 1000

/** The goals of serial runs that end with these outcomes. */
const endedGoals = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> => [
  ...new Set(
    outcomes.filter(({ _tag, run }) => run.serial && _tag !== "Retry" && _tag !== "Released" && _tag !== "Making")
      .map(({ run }) => run.goal_instance_id),
  ),
]

/** The runs whose outcomes were written. */
type Rows = ReadonlyArray<{ readonly scheduled_run_id: string }>
const none: Rows = []
const nothing: Written = { written: 0, released: 0 }

/** Books one entry for each goal that a dead run is of. */
const deadLetterBooking = (repo: QueueRepo["Service"], nextId: Effect.Effect<string>) =>
  Effect.fnUntraced(function* (dead: ReadonlyArray<Dead>) {
    const byGoal = Map.groupBy(dead, ({ run }) => run.goal_instance_id)
    yield* repo.deadLetter(
      yield* Effect.forEach(byGoal, ([goal_instance_id, outcomes]) =>
        Effect.map(nextId, (dlq_id) => {
          const { error, errorType, run } = outcomes.at(-1)!
          return {
            dlq_id,
            goal_instance_id,
            hired_instance_id: run.hired_instance_id,
            error_type: errorType,
            error_message: `${error.type}: ${error.message}`,
            fingerprint: fingerprintOf(errorType, error),
            scheduled_run_ids: outcomes.map((outcome) => outcome.run.scheduled_run_id),
          }
        })),
    )
  })

/** `Queue.writeOutcomes`, to be run inside a transaction unless all are completed: then it is one statement. */
export const makeWriteOutcomes = (repo: QueueRepo["Service"], nextId: Effect.Effect<string>) => {
  const completed = (outcomes: ReadonlyArray<Outcome>) => {
    const done = ofTag(outcomes, "Completed")
    if (done.length === 0) return Effect.succeed(nothing)
    return repo.settle({
      runs: done.map(({ run }) => run.scheduled_run_id),
      fences: done.map(({ run }) => run.fence),
      drafts: done.map(({ deliverable_id }) => deliverable_id),
      goals: endedGoals(done),
    })
  }

  const retried = Effect.fnUntraced(function* (outcomes: ReadonlyArray<Outcome>, counted: Increments) {
    const again = ofTag(outcomes, "Retry")
    if (again.length === 0) return none
    const rows = yield* repo.retry(
      again.map((outcome) => ({ ...fencedOf(outcome.run), delay: seconds(outcome), error: outcome.error })),
    )
    counted.outcome("Retry", rows.length)
    return rows as Rows
  })

  const released = Effect.fnUntraced(function* (outcomes: ReadonlyArray<Outcome>, counted: Increments) {
    const back = ofTag(outcomes, "Released")
    if (back.length === 0) return none
    const rows = yield* repo.release(back.map((outcome) => ({ ...fencedOf(outcome.run), delay: seconds(outcome) })))
    counted.outcome("Released", rows.length)
    return rows as Rows
  })

  const setAside = Effect.fnUntraced(function* (outcomes: ReadonlyArray<Outcome>, counted: Increments) {
    const made = ofTag(outcomes, "Making")
    if (made.length === 0) return none
    const rows = yield* repo.setAside(
      made.map((outcome) => ({ ...fencedOf(outcome.run), delay: seconds(outcome), making: outcome.making })),
    )
    counted.outcome("Making", rows.length)
    return rows as Rows
  })

  const gone = Effect.fnUntraced(function* (outcomes: ReadonlyArray<Outcome>, counted: Increments) {
    const ended = ofTag(outcomes, "Gone")
    if (ended.length === 0) return none
    const rows = yield* repo.discard(
      ended.map(({ code, error, reason, run }) => ({ ...fencedOf(run), code, reason, error })),
    )
    counted.outcome("Gone", rows.length)
    return rows as Rows
  })

  const bookDeadLetters = deadLetterBooking(repo, nextId)

  const dead = Effect.fnUntraced(function* (outcomes: ReadonlyArray<Outcome>, counted: Increments) {
    const ended = ofTag(outcomes, "Dead")
    if (ended.length === 0) return none
    const rows = yield* repo.discard(
      ended.map(({ error, run }) => ({
        ...fencedOf(run),
        code: "dead_lettered" as const,
        reason: `dead-lettered: ${error.type}: ${error.message}`,
        error,
      })),
    )
    counted.outcome("Dead", rows.length)
    const discarded = new Set(rows.map((row) => row.scheduled_run_id))
    const stood = ended.filter(({ run }) => discarded.has(run.scheduled_run_id))
    if (stood.length > 0) yield* bookDeadLetters(stood)
    return rows as Rows
  })

  return Effect.fnUntraced(function* (outcomes: ReadonlyArray<Outcome>) {
    const others = outcomes.filter(({ _tag }) => _tag !== "Completed")
    if (others.length === 0) return yield* completed(outcomes)
    // of all outcomes, in their order
    const goals = endedGoals(outcomes)
    if (goals.length > 0) yield* repo.lockGoals(goals)
    yield* repo.record({ runs: others.map(({ run }) => run.scheduled_run_id) }, { wait: true })
    const done = yield* completed(outcomes)
    const counted = new Increments()
    const rows = yield* Effect.forEach([retried, released, setAside, gone, dead], (write) => write(others, counted))
    const written = new Set(rows.flat().map((row) => row.scheduled_run_id))
    const ended = endedGoals(others.filter(({ run }) => written.has(run.scheduled_run_id)))
    const all = done.written + written.size
    if (ended.length === 0) {
      yield* repo.count(counted)
      return { written: all, released: done.released } satisfies Written
    }
    const next = yield* repo.releaseNext({ goals: ended, counted: counted.entries() })
    return { written: all, released: done.released + next.length } satisfies Written
  })
}
