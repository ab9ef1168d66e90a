/** What time brings, in memory. Nothing here waits, so each method is atomic by itself. */
import { Clock, DateTime, Effect, Layer, Option } from "effect"
import { append, Memory } from "../Engagements/Memory.ts"
import { dueAt } from "./Policy.ts"
import { ClockworkRepo } from "./Repo.ts"

/** The layer of `ClockworkRepo` over `Memory`. */
export const layerMemory = Layer.effect(
  ClockworkRepo,
  Effect.gen(function* () {
    const memory = yield* Memory
    const engagements = () => {
      const hires = new Map(memory.hires.values().map((hire) => [hire.subscription_id, hire]))
      return [...memory.subscriptions.values()].map((subscription) => {
        const hire = hires.get(subscription.subscription_id)
        const due = dueAt(subscription, hire).map(DateTime.toEpochMillis)
        return { engagement: { subscription, hire, goals: [], otherGoals: false }, due: Math.min(...due) }
      })
    }
    const running = () => [...memory.trials.values()].filter(({ status }) => status === "active")
    return ClockworkRepo.of({
      pass: (limit, decide) =>
        Effect.map(
          Clock.currentTimeMillis,
          (now) =>
            engagements().filter(({ due }) => due <= now).sort((a, b) => a.due - b.due).slice(0, limit).map(
              ({ engagement: before }) => {
                const { changes, hire = before.hire, subscription = before.subscription } = decide(
                  before,
                  DateTime.makeUnsafe(now),
                )
                memory.subscriptions.set(subscription.subscription_id, subscription)
                if (hire !== undefined) memory.hires.set(hire.hired_instance_id, hire)
                append(memory, changes, now)
                return { before, after: { ...before, subscription, hire } }
              },
            ),
        ),
      expire: (limit) =>
        Effect.map(DateTime.now, (now) => {
          const over = running().filter(({ end_date }) => DateTime.isLessThanOrEqualTo(end_date, now)).slice(0, limit)
          for (const trial of over) memory.trials.set(trial.trial_id, { ...trial, status: "expired", updated_at: now })
          return over.length
        }),
      untilDue: Effect.map(Clock.currentTimeMillis, (now) => {
        const ends = running().map(({ end_date }) => DateTime.toEpochMillis(end_date))
        const next = Math.min(...engagements().map(({ due }) => due), ...ends)
        return next === Infinity ? Option.none() : Option.some(next - now)
      }),
    })
  }),
)
