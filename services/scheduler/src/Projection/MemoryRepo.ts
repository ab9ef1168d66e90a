/** The projection over maps. */
import type { Change } from "@stint/domain/hiring/Feed"
import { Ids } from "@stint/edge/Ids"
import { DateTime, Effect, Layer } from "effect"
import { auditMemory } from "../Audit/Repo.ts"
import type { NewRun } from "../Model.ts"
import { memoryWrites } from "../Queue/Repo.ts"
import { Store } from "../Store.ts"
import { DELETED, historian, type HistoryRow } from "./History.ts"
import { closedWithGoal, disturbed, planChanges, touched } from "./Plan.ts"
import { FREE_SLOT_TRIES, ProjectionRepo } from "./Repo.ts"

/** The layer of `ProjectionRepo` over the memory store. */
export const layerMemory = Layer.effect(
  ProjectionRepo,
  Effect.gen(function* () {
    const store = yield* Store
    const ids = yield* Ids
    const { cancel, insert, release } = memoryWrites(store)
    const audit = auditMemory(store)
    const closeDeadLetters = Effect.fnUntraced(function* (goal: string, now: number) {
      for (const letter of store.deadLetters.values()) {
        if (letter.goal_instance_id !== goal || letter.state !== "open") continue
        Object.assign(letter, { state: "discarded", closed_at: now })
        audit(closedWithGoal(yield* ids.next("LOG"), letter), now)
      }
    })
    const keepHistory = (rows: ReadonlyArray<HistoryRow>) => {
      for (const row of rows) {
        const of = store.history.get(row.goal_instance_id)
        if (of === undefined) store.history.set(row.goal_instance_id, [row])
        else of.push(row)
      }
    }
    const latestHistory = (goals: ReadonlyArray<string>) =>
      goals.flatMap((goal) => store.history.get(goal)?.slice(-1) ?? [])
    const requestRun = (request: Change & { readonly type: "run" }, id: string, now: number) => {
      const goal = store.goals.get(request.goal_instance_id)
      const hire = store.hires.get(request.hired_instance_id)
      const known = store.runs.values().some((run) => run.request_id === request.request_id)
      if (known || goal === undefined || hire === undefined) return
      const asked = DateTime.toEpochMillis(request.scheduled_time)
      for (let slot = asked; slot < asked + FREE_SLOT_TRIES; slot++) {
        const made = insert([{
          scheduled_run_id: id as NewRun["scheduled_run_id"],
          goal_instance_id: request.goal_instance_id,
          hired_instance_id: request.hired_instance_id,
          customer_id: hire.customer_id,
          slot,
          origin: "manual",
          request_id: request.request_id,
          run_metadata: {
            requested_by: request.requested_by,
            ...(hire.runnable ? {} : { reason: hire.reason ?? "the hired agent may not run" }),
          },
          ...(hire.runnable ? { queue: { serial: false, caught_up: false, forced: false, claimable_at: slot } } : {}),
        }], now)
        if (made.length > 0) return
      }
    }
    return ProjectionRepo.of({
      cursor: () => Effect.sync(() => store.cursor),
      apply: Effect.fnUntraced(function* (changes, move) {
        if (store.cursor !== move.after) return false
        store.cursor = move.to
        const now = DateTime.toEpochMillis(yield* DateTime.now)
        const { goals, ofHires } = touched(changes)
        const known = [...store.goals.values()].filter((g) =>
          goals.includes(g.goal_instance_id) || ofHires.includes(g.hired_instance_id)
        )
        const plan = planChanges(changes, {
          hires: [...store.hires.values()],
          goals: known,
          history: latestHistory([...new Set([...goals, ...known.map((goal) => goal.goal_instance_id)])]),
        })
        keepHistory(plan.history)
        for (const hire of plan.hires) store.hires.set(hire.hired_instance_id, hire)
        for (const goal of plan.goals) store.goals.set(goal.goal_instance_id, goal)
        const ended: Array<string> = []
        for (const { of, reason, which } of plan.cancels) {
          const picked = "goal_instance_id" in of
            ? cancel((q) => q.run.goal_instance_id === of.goal_instance_id, reason, now, which === "unclaimed_slots")
            : cancel(
              (q) => q.run.hired_instance_id === of.hired_instance_id,
              reason,
              now,
              which === "unclaimed_slots",
            )
          for (const run of picked) ended.push(run.goal_instance_id)
        }
        for (const [id, queued] of store.queue) {
          const unclaimed = queued.holder === null && queued.attempt === 0 && queued.run.origin === "schedule"
          if (plan.dropped.includes(queued.run.goal_instance_id) && unclaimed && (queued.claimable_at ?? 0) > now) {
            store.queue.delete(id)
            store.runs.delete(id)
          }
        }
        for (const goal of plan.deleted) {
          yield* closeDeadLetters(goal, now)
          store.goals.delete(goal)
        }
        release(disturbed(plan, ended), now)
        for (const request of plan.runs) requestRun(request, yield* ids.next("SCH"), now)
        return true
      }),
      retain: Effect.fnUntraced(function* (kept) {
        const now = DateTime.toEpochMillis(yield* DateTime.now)
        const gone = [...store.goals.values()].map((goal) => goal.goal_instance_id).filter((id) => !kept.has(id))
        const history = historian(latestHistory(gone))
        for (const goal of gone) {
          cancel((q) => q.run.goal_instance_id === goal, DELETED, now)
          yield* closeDeadLetters(goal, now)
          history.ended(goal, now)
          store.goals.delete(goal)
        }
        keepHistory(history.rows)
      }),
    })
  }),
)
