/** Backfills over the memory store. */
import { Clock, Effect, Layer } from "effect"
import { auditMemory } from "../Audit/Repo.ts"
import { pauseOver } from "../Controls/MemoryRepo.ts"
import { memoryWrites } from "../Queue/Repo.ts"
import { requeueMemory } from "../Queue/RequeueRepo.ts"
import { Store } from "../Store.ts"
import { planBackfill, type StoredSlot } from "./Policy.ts"
import { BackfillRepo, type BackfillResult, outcomesOf, repeatedOf, runsOf } from "./Repo.ts"

/** The layer of `BackfillRepo` over the memory store. */
export const layerMemory = Layer.effect(
  BackfillRepo,
  Effect.gen(function* () {
    const store = yield* Store
    const { insert } = memoryWrites(store)
    const requeue = requeueMemory(store)
    const audit = auditMemory(store)
    const storedSlots = (goal_instance_id: string, slots: ReadonlyArray<number>): ReadonlyArray<StoredSlot> => {
      const wanted = new Set(slots)
      return [...store.runs.values()]
        .filter((run) => run.goal_instance_id === goal_instance_id && wanted.has(run.slot))
        .map((run) => {
          const queued = store.queue.get(run.scheduled_run_id)
          return {
            slot: run.slot,
            scheduled_run_id: run.scheduled_run_id,
            origin: run.origin,
            status: run.status,
            run_metadata: run.run_metadata,
            dead: run.dlq_id !== null,
            held: queued !== undefined && queued.holder !== null,
            attempt: queued?.attempt ?? 0,
            executed: run.execution !== null,
            claimable_at: queued?.claimable_at ?? null,
          }
        })
    }
    return BackfillRepo.of({
      stored: (goal, slots) => Effect.sync(() => storedSlots(goal, slots)),
      backfill: (request, line) =>
        Effect.map(Clock.currentTimeMillis, (now): BackfillResult => {
          const stop = pauseOver(store, request)
          if (stop !== undefined && !request.forced) return { _tag: "Paused", reason: stop.paused_reason }
          if (!store.goals.has(request.goal_instance_id)) return { _tag: "Gone" }
          const before = storedSlots(request.goal_instance_id, request.slots)
          const plan = planBackfill(request.slots, before, line.log_id)
          if (store.actions.some((action) => action.log_id === line.log_id)) return repeatedOf(plan, before, line)
          const { again, last_start, make } = runsOf(request, plan, line, now)
          insert(make, now)
          requeue(again)
          const queued = [...make, ...plan.again].map(({ scheduled_run_id, slot }) => ({ scheduled_run_id, slot }))
          if (queued.length > 0) {
            audit({ ...line, action_metadata: { ...line.action_metadata, queued: queued.length } }, now)
          }
          return { _tag: "Done", slots: outcomesOf(plan.there, queued), last_start }
        }),
    })
  }),
)
