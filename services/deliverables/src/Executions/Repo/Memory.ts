/** Executions in memory. */
import { Clock, DateTime, Effect, Layer, Option, Queue } from "effect"
import { MemoryTables } from "../../MemoryTables.ts"
import { type Claim, ExecutionsRepo, LEASE_SECONDS } from "../Repo.ts"
import type { ExecutionRow } from "../Row.ts"

const millis = (instant: DateTime.Utc | null) => instant === null ? 0 : DateTime.toEpochMillis(instant)

/** The layer of `ExecutionsRepo` in memory. */
export const layer = Layer.effect(
  ExecutionsRepo,
  Effect.map(MemoryTables, (tables) => {
    const now = Effect.map(Clock.currentTimeMillis, (ms) => DateTime.makeUnsafe(ms))
    const leaseFrom = (instant: DateTime.Utc) => DateTime.add(instant, { seconds: LEASE_SECONDS })
    const dueAt = (row: ExecutionRow) => Math.max(millis(row.next_attempt_at), millis(row.locked_until))
    const pending = () => [...tables.executions.values()].filter((row) => row.state === "pending")
    /** Writes the outcome of a claim that still holds; whether it did. */
    const settle = (
      claim: Claim,
      may: (row: ExecutionRow) => boolean,
      write: (row: ExecutionRow, at: DateTime.Utc) => void,
    ) =>
      Effect.map(now, (at) => {
        const row = tables.executions.get(claim.deliverable_id)
        if (row === undefined || row.fence !== claim.fence || !may(row)) return false
        write(row, at)
        return true
      })
    const listeners = new Set<Queue.Queue<void>>()
    const nudge = () => listeners.forEach((queue) => Queue.offerUnsafe(queue, undefined))
    const isPending = (row: ExecutionRow) => row.state === "pending"

    return ExecutionsRepo.of({
      arm: (intent) =>
        Effect.map(now, (at) => {
          const stored = tables.deliverables.get(intent.deliverable_id)
          if (
            stored === undefined || stored.executing || stored.execution_status === "executed" ||
            stored.deleted_at !== null || stored.review_status !== intent.review_status ||
            stored.approval_id !== intent.approval_id
          ) return Option.none()
          const before = tables.executions.get(intent.deliverable_id)
          const row: ExecutionRow = {
            delivery_id: before?.delivery_id ?? intent.delivery_id,
            deliverable_id: intent.deliverable_id,
            approval_id: intent.approval_id,
            target: intent.target,
            body: intent.body,
            content_sha256: intent.content_sha256,
            state: "pending",
            requested_by: intent.requested_by,
            attempts: (before?.attempts ?? 0) + 1,
            last_error: before?.last_error ?? null,
            next_attempt_at: at,
            locked_until: leaseFrom(at),
            fence: ++tables.fence,
            created_at: before?.created_at ?? at,
            delivered_at: null,
          }
          tables.executions.set(row.deliverable_id, row)
          tables.deliverables.set(stored.deliverable_id, { ...stored, executing: true, updated_at: at })
          nudge()
          return Option.some(row)
        }),
      claim: (limit) =>
        Effect.map(now, (at) =>
          pending().filter((row) => dueAt(row) <= millis(at))
            .sort((a, b) => millis(a.next_attempt_at) - millis(b.next_attempt_at)).slice(0, limit)
            .map((row) => {
              const claimed = {
                ...row,
                attempts: row.attempts + 1,
                locked_until: leaseFrom(at),
                fence: ++tables.fence,
              }
              tables.executions.set(row.deliverable_id, claimed)
              return claimed
            })),
      delivered: (claim, at) =>
        settle(claim, (row) => row.state !== "delivered", (row, now) => {
          tables.executions.set(row.deliverable_id, {
            ...row,
            state: "delivered",
            delivered_at: at,
            last_error: null,
            next_attempt_at: null,
            locked_until: null,
          })
          tables.deliverables.set(row.deliverable_id, {
            ...tables.deliverables.get(row.deliverable_id)!,
            execution_status: "executed",
            executed_at: at,
            executing: false,
            updated_at: now,
          })
        }),
      retry: (claim, error, delay) =>
        settle(claim, isPending, (row, now) => {
          const next_attempt_at = DateTime.add(now, { milliseconds: delay })
          tables.executions.set(row.deliverable_id, { ...row, last_error: error, locked_until: null, next_attempt_at })
          nudge()
        }),
      stop: (claim, error) =>
        settle(claim, isPending, (row, now) => {
          tables.executions.set(row.deliverable_id, {
            ...row,
            state: "failed",
            last_error: error,
            next_attempt_at: null,
            locked_until: null,
          })
          const stored = tables.deliverables.get(row.deliverable_id)!
          tables.deliverables.set(row.deliverable_id, { ...stored, executing: false, updated_at: now })
        }),
      nextDue: Effect.map(Clock.currentTimeMillis, (now) => {
        const rows = pending()
        return rows.length === 0 ? undefined : Math.max(0, Math.min(...rows.map(dueAt)) - now)
      }),
      listen: Effect.acquireRelease(
        Effect.tap(Queue.sliding<void>(1), (queue) => Effect.sync(() => listeners.add(queue))),
        (queue) => Effect.sync(() => listeners.delete(queue)),
      ).pipe(Effect.map(Queue.take)),
    })
  }),
)
