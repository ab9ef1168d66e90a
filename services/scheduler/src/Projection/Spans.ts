/**
 * What follows from an edit, where spans are made: a span `project` in the trace of the request that wrote the change (`Change.trace`),
 * and a span `plan` in the trace of the run that the goal makes next. Each links to the other, so that one leads from an edit to its
 * next run, and from there back to the edit; no other table knows of it.
 */
import type { Change } from "@stint/domain/hiring/Feed"
import { runKey } from "@stint/domain/scheduler/Runs"
import { runTrace } from "@stint/domain/scheduler/Traces"
import { Traced } from "@stint/edge/Tracing"
import { Clock, DateTime, Effect, Exit, Tracer } from "effect"
import { Digest } from "effect/crypto"

/** A change that tells in which span it was written. */
type Written = Exclude<Change, { readonly type: "subscription" }> & { readonly trace: NonNullable<unknown> }

const isWritten = (change: Change): change is Written => change.type !== "subscription" && change.trace !== undefined

const external = (traceId: string, spanId: string) => Tracer.externalSpan({ traceId, spanId, sampled: true })

/** Begins the span of a change. */
const begin = (change: Written) =>
  Effect.makeSpan("project", {
    parent: external(change.trace!.trace_id, change.trace!.span_id),
    attributes: {
      change: change.type,
      hired_instance_id: change.hired_instance_id,
      ...(change.type === "hire" ? {} : { goal_instance_id: change.goal_instance_id }),
    },
  })

/** The next slots of goals (epoch ms), of those that have one. */
export type NextSlots = (goals: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, number>>

/** Applies changes within their spans. What applies them tells whether they were: those of another replica have its spans. */
export const makeProjectionSpans = Effect.fnUntraced(function* (nextSlots: NextSlots) {
  const digest = yield* Digest.Digest
  const isTraced = yield* Traced

  /** The span of the slot that a change makes or leaves next; none when the goal has none. */
  const plan = Effect.fnUntraced(function* (change: Written, next: ReadonlyMap<string, number>) {
    if (change.type === "hire") return undefined
    const { goal_instance_id } = change
    const slot = change.type === "run" ? DateTime.toEpochMillis(change.scheduled_time) : next.get(goal_instance_id)
    if (slot === undefined) return undefined
    const { spanId, traceId } = yield* Effect.provideService(
      runTrace(runKey(goal_instance_id, slot)),
      Digest.Digest,
      digest,
    )
    return yield* Effect.makeSpan("plan", { parent: external(traceId, spanId), attributes: { goal_instance_id } })
  })

  return <E>(changes: ReadonlyArray<Change>, apply: Effect.Effect<boolean, E>): Effect.Effect<boolean, E> => {
    const written = isTraced ? changes.filter(isWritten) : []
    if (written.length === 0) return apply
    return Effect.gen(function* () {
      const spans = yield* Effect.forEach(written, begin)
      const applied = yield* Effect.withParentSpan(apply, spans[0]!)
      if (!applied) return false
      const next = yield* nextSlots(written.flatMap((it) => it.type === "goal" ? [it.goal_instance_id] : []))
      const now = yield* Clock.currentTimeNanos
      for (const [i, span] of spans.entries()) {
        const planned = yield* plan(written[i]!, next)
        if (planned !== undefined) {
          span.addLinks([{ span: planned, attributes: {} }])
          planned.addLinks([{ span, attributes: {} }])
          planned.end(now, Exit.void)
        }
        span.end(now, Exit.void)
      }
      return true
    })
  }
})
