/** The dead letters' units of work over the memory store. */
import { DeadLetter, type DeadLetterState, type RedriveFilter } from "@stint/domain/DeadLetters"
import type { DlqId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Clock, DateTime, Effect, Layer, Option } from "effect"
import { type AuditLine, auditMemory } from "../Audit/Repo.ts"
import { RANK } from "../Engine/Fair.ts"
import { Store, type StoredDeadLetter } from "../Store.ts"
import { DeadLettersRepo, type RetryResult } from "./Repo.ts"

/** The layer of `DeadLettersRepo` over the memory store. */
export const layerMemory = Layer.effect(
  DeadLettersRepo,
  Effect.gen(function* () {
    const store = yield* Store
    const audit = auditMemory(store)
    const runsOf = (id: string) =>
      [...store.runs.values()].filter((run) => run.dlq_id === id).sort((a, b) => a.slot - b.slot)
    const toLetter = ({ closed_at: _, ...letter }: StoredDeadLetter) =>
      DeadLetter.make({
        ...letter,
        dlq_id: letter.dlq_id as DlqId,
        goal_instance_id: letter.goal_instance_id as GoalInstanceId,
        hired_instance_id: letter.hired_instance_id as HiredInstanceId,
        stack_trace: null,
        first_failed_at: DateTime.makeUnsafe(letter.first_failed_at),
        last_failed_at: DateTime.makeUnsafe(letter.last_failed_at),
        expires_at: DateTime.makeUnsafe(letter.expires_at),
        scheduled_run_ids: runsOf(letter.dlq_id).map((run) => run.scheduled_run_id),
      })
    const matches = (letter: StoredDeadLetter, f: RedriveFilter & { readonly state?: DeadLetterState }) =>
      (f.state === undefined || letter.state === f.state) &&
      (f.goal_instance_id === undefined || letter.goal_instance_id === f.goal_instance_id) &&
      (f.hired_instance_id === undefined || letter.hired_instance_id === f.hired_instance_id) &&
      (f.error_type === undefined || letter.error_type === f.error_type)
    const retryOne = (id: string, line: AuditLine | undefined, now: number): RetryResult => {
      const letter = store.deadLetters.get(id)
      if (letter === undefined) return { _tag: "Missing" }
      if (letter.state !== "open") return { _tag: "Closed", state: letter.state }
      const runs = runsOf(id).filter((run) => run.status === "cancelled")
      if (runs.length === 0) return { _tag: "UnderWay" }
      for (const run of runs) {
        const { reason: _, ...run_metadata } = run.run_metadata
        Object.assign(run, { status: "pending", closed_at: null, run_metadata })
        if (run.execution !== null) Object.assign(run.execution, { status: "pending", completed_at: null })
        store.queue.set(run.scheduled_run_id, {
          run,
          serial: false,
          caught_up: false,
          forced: false,
          agent_id: store.hires.get(run.hired_instance_id)?.agent_id ?? "",
          rank: RANK.schedule,
          due_at: now,
          claimable_at: Math.min(run.slot, now),
          attempt: 0,
          fence: null,
          holder: null,
          claimed_at: null,
        })
      }
      letter.retry_count++
      if (line !== undefined) audit({ ...line, goal_instance_id: letter.goal_instance_id }, now)
      return { _tag: "Queued", runs: runs.length, retry_count: letter.retry_count }
    }
    return DeadLettersRepo.of({
      list: (q) =>
        Effect.sync(() =>
          [...store.deadLetters.values()]
            .filter((letter) =>
              matches(letter, q) && (q.after === undefined || letter.last_failed_at < q.after[0] ||
                (letter.last_failed_at === q.after[0] && letter.dlq_id < q.after[1]))
            )
            .sort((a, b) => b.last_failed_at - a.last_failed_at || (a.dlq_id < b.dlq_id ? 1 : -1))
            .slice(0, q.limit).map(toLetter)
        ),
      find: (id) => Effect.sync(() => Option.map(Option.fromUndefinedOr(store.deadLetters.get(id)), toLetter)),
      matching: (filter, cap) =>
        Effect.sync(() =>
          [...store.deadLetters.values()].filter((letter) => matches(letter, { ...filter, state: "open" }))
            .sort((a, b) => a.first_failed_at - b.first_failed_at).slice(0, cap).map((letter) => letter.dlq_id)
        ),
      retry: (id, line) => Effect.map(Clock.currentTimeMillis, (now) => retryOne(id, line, now)),
      redrive: (entries, line) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const queued = entries.filter((id) => retryOne(id, undefined, now)._tag === "Queued")
          if (queued.length > 0) {
            audit({ ...line, action_metadata: { ...line.action_metadata, dlq_ids: queued } }, now)
          }
          return queued
        }),
      discard: (id, line) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const letter = store.deadLetters.get(id)
          if (letter === undefined) return Option.none()
          if (letter.state !== "open") return Option.some(letter.state)
          Object.assign(letter, { state: "discarded", closed_at: now })
          audit({ ...line, goal_instance_id: letter.goal_instance_id }, now)
          return Option.some("open" as const)
        }),
    })
  }),
)
