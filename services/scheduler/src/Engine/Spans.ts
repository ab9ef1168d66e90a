/**
 * A span for each attempt of a run, in the run's trace (`runTrace`), where spans are made. What one call does for many runs stands
 * in the trace of the first; the spans of the others link to it.
 */
import { runKey } from "@stint/domain/scheduler/Runs"
import { runTrace } from "@stint/domain/scheduler/Traces"
import { Traced } from "@stint/edge/Tracing"
import { Clock, Effect, Exit, Tracer } from "effect"
import { Digest } from "effect/crypto"
import type { ClaimedRun } from "../Model.ts"
import type { Outcome } from "../Queue/Outcome.ts"

const exitOf = (outcome: Outcome | undefined) =>
  outcome !== undefined && "error" in outcome ? Exit.fail(outcome.error.type) : Exit.void

/** Runs a call for claimed runs within their spans, which end with it. */
export const makeRunSpans = Effect.gen(function* () {
  const digest = yield* Digest.Digest
  const isTraced = yield* Traced

  const begin = (run: ClaimedRun) =>
    Effect.flatMap(
      Effect.provideService(runTrace(runKey(run.goal_instance_id, run.scheduled_time)), Digest.Digest, digest),
      (place) =>
        Effect.makeSpan("run", {
          parent: Tracer.externalSpan({ ...place, sampled: true }),
          attributes: {
            goal_instance_id: run.goal_instance_id,
            scheduled_run_id: run.scheduled_run_id,
            attempt: run.attempt,
          },
        }),
    )

  return (runs: ReadonlyArray<ClaimedRun>, call: Effect.Effect<ReadonlyArray<Outcome>>) => {
    if (!isTraced) return call
    return Effect.gen(function* () {
      const spans = yield* Effect.forEach(runs, begin)
      const [first, ...others] = spans
      for (const span of others) span.addLinks([{ span: first!, attributes: {} }])
      return yield* Effect.onExit(
        first === undefined ? call : Effect.withParentSpan(call, first),
        (exit) =>
          Effect.map(Clock.currentTimeNanos, (now) => {
            const outcomes = new Map(
              Exit.isSuccess(exit) ? exit.value.map((it) => [it.run.scheduled_run_id, it] as const) : [],
            )
            for (const [i, span] of spans.entries()) {
              const outcome = outcomes.get(runs[i]!.scheduled_run_id)
              span.attribute("outcome", outcome?._tag ?? "Interrupted")
              span.end(now, exitOf(outcome))
            }
          }),
      )
    })
  }
})
