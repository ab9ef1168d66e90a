/** The dead letters' units of work over the memory store. */
import { DeadLetter, type DeadLetterState, type RedriveFilter } from "@stint/domain/scheduler/DeadLetters"
import type { DlqId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Clock, DateTime, Effect, Layer, Option } from "effect"
import { auditMemory } from "../Audit/Repo.ts"
import { startOf } from "../Queue/Pace.ts"
import { requeueMemory } from "../Queue/RequeueRepo.ts"
import { Store, type StoredDeadLetter } from "../Store.ts"
import { CAUSES, DeadLettersRepo, type RetryResult } from "./Repo.ts"

/** The layer of `DeadLettersRepo` over the memory store. */
export const layerMemory = Layer.effect(
  DeadLettersRepo,
  Effect.gen(function* () {
    const store = yield* Store
    const audit = auditMemory(store)
    const requeue = requeueMemory(store)
    const runsOf = (id: string) =>
      [...store.runs.values()].filter((run) => run.dlq_id === id).sort((a, b) => a.slot - b.slot)
    const deadRunsOf = (id: string) => runsOf(id).filter((run) => run.status === "cancelled")
    const inState = (state: DeadLetterState) =>
      [...store.deadLetters.values()].filter((letter) => letter.state === state)
    const newer = (a: StoredDeadLetter, b: StoredDeadLetter) =>
      b.last_failed_at - a.last_failed_at || (a.dlq_id < b.dlq_id ? 1 : -1)
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
      (f.error_type === undefined || letter.error_type === f.error_type) &&
      (f.fingerprint === undefined || letter.fingerprint === f.fingerprint)
    /** Queues the dead runs of entries, oldest first; by their entries. */
    const queueRuns = (entries: ReadonlyArray<string>, per_minute: number | undefined, now: number) => {
      const dead = entries.flatMap(deadRunsOf).sort((a, b) =>
        a.slot - b.slot || (a.scheduled_run_id < b.scheduled_run_id ? -1 : 1)
      )
      const starts = dead.map((_, nth) => startOf(now, nth, per_minute))
      requeue(dead.map(({ scheduled_run_id }, nth) => ({ scheduled_run_id, claimable_at: starts[nth]! })))
      const dlq_ids = new Set(dead.map((run) => run.dlq_id))
      return { dlq_ids, runs: dead.length, last_start: starts.at(-1) ?? null }
    }
    return DeadLettersRepo.of({
      list: (q) =>
        Effect.sync(() =>
          [...store.deadLetters.values()]
            .filter((letter) =>
              matches(letter, q) && (q.after === undefined || letter.last_failed_at < q.after[0] ||
                (letter.last_failed_at === q.after[0] && letter.dlq_id < q.after[1]))
            )
            .sort(newer)
            .slice(0, q.limit).map(toLetter)
        ),
      find: (id) => Effect.sync(() => Option.map(Option.fromUndefinedOr(store.deadLetters.get(id)), toLetter)),
      causes: (state) =>
        Effect.sync(() =>
          [...Map.groupBy(inState(state), (letter) => letter.fingerprint)].map(([fingerprint, letters]) => {
            const latest = letters.reduce((a, b) => newer(a, b) < 0 ? a : b)
            return {
              fingerprint,
              error_type: latest.error_type,
              error_message: latest.error_message,
              example: latest.dlq_id as DlqId,
              entries: letters.length,
              runs: letters.reduce((sum, { dlq_id }) => sum + runsOf(dlq_id).length, 0),
              first_failed_at: DateTime.makeUnsafe(Math.min(...letters.map((letter) => letter.first_failed_at))),
              last_failed_at: DateTime.makeUnsafe(latest.last_failed_at),
            }
          }).sort((a, b) =>
            b.entries - a.entries || DateTime.Order(b.last_failed_at, a.last_failed_at) ||
            (a.fingerprint < b.fingerprint ? -1 : 1)
          ).slice(0, CAUSES)
        ),
      matching: (filter, cap) =>
        Effect.sync(() =>
          inState("open").filter((letter) => matches(letter, filter))
            .sort((a, b) => a.first_failed_at - b.first_failed_at || (a.dlq_id < b.dlq_id ? -1 : 1)).slice(0, cap)
            .map(({ dlq_id }) => ({ dlq_id, runs: deadRunsOf(dlq_id).length }))
        ),
      retry: (id, line) =>
        Effect.map(Clock.currentTimeMillis, (now): RetryResult => {
          const letter = store.deadLetters.get(id)
          if (letter === undefined) return { _tag: "Missing" }
          if (letter.state !== "open") return { _tag: "Closed", state: letter.state }
          const { runs } = queueRuns([id], undefined, now)
          if (runs === 0) return { _tag: "UnderWay" }
          letter.retry_count++
          audit({ ...line, goal_instance_id: letter.goal_instance_id }, now)
          return { _tag: "Queued", runs, retry_count: letter.retry_count }
        }),
      redrive: (entries, per_minute, line) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const still = entries.filter((id) => store.deadLetters.get(id)?.state === "open")
          const { dlq_ids, last_start, runs } = queueRuns(still, per_minute, now)
          const queued = still.filter((id) => dlq_ids.has(id))
          for (const id of queued) store.deadLetters.get(id)!.retry_count++
          if (queued.length > 0) {
            audit({ ...line, action_metadata: { ...line.action_metadata, dlq_ids: queued } }, now)
          }
          return { dlq_ids: queued, runs, last_start }
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
