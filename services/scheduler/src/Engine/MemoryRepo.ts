/** The engine's units of work over maps: the same promises as on Postgres, for as long as the process lives. */
import { Ids } from "@stint/edge/Ids"
import { Clock, Effect, Layer } from "effect"
import { ClaimedRun, type GoalRow, type NewRun } from "../Model.ts"
import { memoryWrites } from "../Queue/Repo.ts"
import { type QueuedRun, Store, type StoredRun } from "../Store.ts"
import type { Outcome } from "./Outcome.ts"
import { EngineRepo } from "./Repo.ts"

const LOST = { type: "LEASE_LOST", message: "its holder stopped before it could say what became of it" }

/** The layer of `EngineRepo` over the memory store. */
export const layerMemory = Layer.effect(
  EngineRepo,
  Effect.gen(function* () {
    const store = yield* Store
    const ids = yield* Ids
    const { close, insert, release } = memoryWrites(store)

    const isPaused = (of: { readonly hired_instance_id: string; readonly customer_id: string }) =>
      ["global", `hire:${of.hired_instance_id}`, `customer:${of.customer_id}`].some((id) =>
        store.states.get(id)?.status === "paused"
      )
    const openOf = (goal: GoalRow) => {
      const serial = [...store.queue.values()].filter((q) =>
        q.serial && q.run.goal_instance_id === goal.goal_instance_id
      )
      return {
        serial: serial.length,
        waiting: serial.filter((q) => q.claimable_at === null && !q.caught_up).length,
      }
    }
    const claimedOf = (queued: QueuedRun): ClaimedRun => ({
      scheduled_run_id: queued.run.scheduled_run_id,
      goal_instance_id: queued.run.goal_instance_id,
      hired_instance_id: queued.run.hired_instance_id,
      scheduled_time: queued.run.slot,
      attempt: queued.attempt,
      fence: queued.fence!,
      claimed_at: queued.claimed_at!,
      serial: queued.serial,
    })
    const heldBy = (run: ClaimedRun): QueuedRun | undefined => {
      const queued = store.queue.get(run.scheduled_run_id)
      return queued !== undefined && queued.fence === run.fence ? queued : undefined
    }
    const noteAttempt = (
      queued: QueuedRun,
      error: { readonly type: string; readonly message: string },
      now: number,
    ) => {
      const error_details = { ...error, attempt: queued.attempt }
      queued.run.attempts.push({
        attempt: queued.attempt,
        started_at: queued.claimed_at!,
        ended_at: now,
        error_details,
      })
    }
    const bookDeadLetter = (run: StoredRun, outcome: Extract<Outcome, { _tag: "Dead" }>, id: string, now: number) => {
      const open = store.deadLetters.values().find((letter) =>
        letter.goal_instance_id === run.goal_instance_id && letter.state === "open"
      )
      const error_message = `${outcome.error.type}: ${outcome.error.message}`
      if (open !== undefined) {
        Object.assign(open, { error_type: outcome.errorType, error_message, last_failed_at: now })
        open.failure_count++
        run.dlq_id = open.dlq_id
        return
      }
      run.dlq_id = id
      store.deadLetters.set(id, {
        dlq_id: id,
        goal_instance_id: run.goal_instance_id,
        hired_instance_id: run.hired_instance_id,
        error_type: outcome.errorType,
        error_message,
        failure_count: 1,
        first_failed_at: now,
        last_failed_at: now,
        expires_at: now + 7 * 86_400_000,
        retry_count: 0,
        state: "open",
        closed_at: null,
      })
    }

    const settleOne = (outcome: Outcome, letterId: string, now: number): boolean => {
      const queued = heldBy(outcome.run)
      if (queued === undefined) return false
      const free = (delayMs: number) =>
        Object.assign(queued, { fence: null, holder: null, claimed_at: null, claimable_at: now + delayMs })
      const execution = queued.run.execution!
      switch (outcome._tag) {
        case "Completed": {
          close(queued, "completed", now)
          Object.assign(execution, { status: "completed", completed_at: now, deliverable_id: outcome.deliverable_id })
          const letter = queued.run.dlq_id === null ? undefined : store.deadLetters.get(queued.run.dlq_id)
          if (letter?.state === "open") Object.assign(letter, { state: "resolved", closed_at: now })
          return true
        }
        case "Retry":
          noteAttempt(queued, outcome.error, now)
          execution.status = "pending"
          free(outcome.delayMs)
          return true
        case "HandBack":
          queued.attempt--
          execution.status = "pending"
          free(outcome.delayMs)
          return true
        case "Gone":
          noteAttempt(queued, outcome.error, now)
          close(queued, "cancelled", now, outcome.reason)
          return true
        case "Dead":
          noteAttempt(queued, outcome.error, now)
          close(queued, "cancelled", now, `dead-lettered: ${outcome.error.type}: ${outcome.error.message}`)
          bookDeadLetter(queued.run, outcome, letterId, now)
          return true
      }
    }

    const settle = Effect.fnUntraced(function* (outcomes: ReadonlyArray<Outcome>) {
      const now = yield* Clock.currentTimeMillis
      let settled = 0
      for (const outcome of outcomes) if (settleOne(outcome, yield* ids.next("DLQ"), now)) settled++
      const goals = outcomes.filter((outcome) => outcome.run.serial).map((outcome) => outcome.run.goal_instance_id)
      return { settled, released: release(goals, now) }
    })

    return EngineRepo.of({
      materialise: Effect.fnUntraced(function* (limit, plan) {
        const now = yield* Clock.currentTimeMillis
        const due = [...store.goals.values()]
          .filter((goal) => goal.due_at !== null && goal.due_at <= now && !isPaused(goal))
          .sort((a, b) => a.due_at! - b.due_at!).slice(0, limit)
        for (const goal of due) {
          const timezone = store.hires.get(goal.hired_instance_id)!.timezone
          const decided = plan({ goal, timezone, open: openOf(goal) }, now)
          for (const { caught_up, outcome, reason, serial, slot } of decided.slots) {
            insert([{
              scheduled_run_id: (yield* ids.next("SCH")) as NewRun["scheduled_run_id"],
              goal_instance_id: goal.goal_instance_id,
              hired_instance_id: goal.hired_instance_id,
              customer_id: goal.customer_id,
              slot,
              origin: "schedule",
              request_id: null,
              run_metadata: reason === undefined ? {} : { reason },
              ...(outcome === "skipped"
                ? {}
                : { queue: { serial, caught_up, forced: false, claimable_at: outcome === "waits" ? null : now } }),
            }], now)
          }
          if (decided.range !== undefined) {
            store.missed.push({ goal_instance_id: goal.goal_instance_id, ...decided.range, recorded_at: now })
          }
          store.goals.set(goal.goal_instance_id, { ...goal, ...decided.next })
        }
        return due.length
      }),
      claim: Effect.fnUntraced(function* ({ holder, leaseMs, limit, maxAttempts }) {
        const now = yield* Clock.currentTimeMillis
        const claimable = () =>
          [...store.queue.values()]
            .filter((q) => q.claimable_at !== null && q.claimable_at <= now && (q.forced || !isPaused(q.run)))
            .sort((a, b) => a.claimable_at! - b.claimable_at!)
        const dead = claimable().filter((q) => q.holder !== null && q.attempt >= maxAttempts)
        yield* settle(dead.map((q) => ({ _tag: "Dead", run: claimedOf(q), errorType: "TRANSIENT", error: LOST })))
        const alone = claimable().filter((q) => q.holder !== null && q.attempt >= 2).slice(0, 1)
        const picked = alone.length > 0
          ? alone
          : claimable().filter((q) => q.holder === null || q.attempt < 2).slice(0, limit)
        return picked.map((queued) => {
          if (queued.holder !== null) noteAttempt(queued, LOST, now)
          Object.assign(queued, {
            fence: ++store.fence,
            holder,
            claimed_at: now,
            claimable_at: now + leaseMs,
            attempt: queued.attempt + 1,
          })
          queued.run.execution = {
            status: "running",
            attempt: queued.attempt,
            started_at: now,
            completed_at: null,
            deliverable_id: null,
          }
          return claimedOf(queued)
        })
      }),
      renew: Effect.fnUntraced(function* (runs, leaseMs) {
        const now = yield* Clock.currentTimeMillis
        const held = runs.filter((run) => heldBy(run) !== undefined)
        for (const run of held) heldBy(run)!.claimable_at = now + leaseMs
        return new Set(held.map((run) => run.fence))
      }),
      settle,
      wakeIn: () =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const due = [...store.goals.values()].flatMap((g) => g.due_at === null || isPaused(g) ? [] : [g.due_at])
          const claimable = [...store.queue.values()].flatMap((q) =>
            q.claimable_at === null || (!q.forced && isPaused(q.run)) ? [] : [q.claimable_at]
          )
          const next = Math.min(...due, ...claimable)
          return Number.isFinite(next) ? next - now : undefined
        }),
      sweep: () =>
        Effect.map(
          Clock.currentTimeMillis,
          (now) => release([...store.queue.values()].map((queued) => queued.run.goal_instance_id), now),
        ),
    })
  }),
)
