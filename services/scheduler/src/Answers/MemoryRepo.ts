/** The facts of answers over maps. */
import { Effect, Layer, Option } from "effect"
import { ControlsRepo } from "../Controls/Repo.ts"
import { RunsRepo } from "../Runs/Repo.ts"
import { type QueuedRun, Store, type StoredRun } from "../Store.ts"
import { scopeOfLine } from "./Pauses.ts"
import { AnswersRepo, HISTORY_ROWS, LINE_NEAR, MOST, type SlotRun } from "./Repo.ts"

const other = ({ scheduled_run_id, slot }: StoredRun) => ({ scheduled_run_id, slot })

/** When an id was drawn: its uuid begins with the milliseconds since the epoch. */
const madeAt = (id: string): number | null => {
  const millis = parseInt(id.slice("SCH-".length).replace("-", "").slice(0, 12), 16)
  return Number.isNaN(millis) ? null : millis
}

/** The layer of `AnswersRepo` over the memory store. */
export const layerMemory = Layer.effect(
  AnswersRepo,
  Effect.gen(function* () {
    const store = yield* Store
    const runs = yield* RunsRepo
    const controls = yield* ControlsRepo
    const ofGoal = (id: string) =>
      [...store.runs.values()].filter((run) => run.goal_instance_id === id).sort((a, b) => a.slot - b.slot)
    const textOf = (value: unknown): string | null => typeof value === "string" ? value : null
    return AnswersRepo.of({
      atOnce: (effect) => effect,
      goal: controls.target,
      history: (id, at) =>
        Effect.sync(() => {
          const all = store.history.get(id) ?? []
          const before = all.filter((row) => row.valid_from <= at).slice(-HISTORY_ROWS)
          const after = all.filter((row) => row.valid_from > at).slice(0, HISTORY_ROWS)
          return { rows: [...before, ...after], since: all[0]?.valid_from ?? null }
        }),
      runsIn: (id, from, to) =>
        Effect.sync(() =>
          ofGoal(id).filter(({ slot }) => slot >= from && slot < to).slice(0, MOST)
            .map((run): SlotRun => ({ ...other(run), ofSchedule: run.origin === "schedule" }))
        ),
      run: (id) =>
        Effect.map(runs.find(id), (found) => {
          const stored = store.runs.get(id)
          if (Option.isNone(found) || stored === undefined) return null
          const queued = store.queue.get(id)
          const { backfilled_by, requested_by, skipped_for, triggered_by } = stored.run_metadata
          return {
            run: found.value,
            claimable_at: queued?.claimable_at ?? null,
            forced: queued?.forced ?? false,
            closed_at: stored.closed_at,
            made_at: madeAt(id),
            asked_by: textOf(requested_by ?? triggered_by ?? backfilled_by),
            skipped_for: textOf(skipped_for),
          }
        }),
      // a run and its execution are one row here: both go together
      execution: () => Effect.succeed(null),
      missed: (id, slot) =>
        Effect.sync(() =>
          store.missed.find((range) => range.goal_instance_id === id && range.from <= slot && range.to >= slot) ?? null
        ),
      letter: (run) =>
        Effect.sync(() => {
          const found = store.deadLetters.get(store.runs.get(run)?.dlq_id ?? "")
          return found === undefined ? null : { ...found, error: found.error_message }
        }),
      discard: (id, dlq_id, closed_at) =>
        Effect.sync(() => {
          const line = store.actions.find((line) =>
            line.goal_instance_id === id && line.action === "dlq_discard" &&
            Math.abs(line.timestamp - closed_at) <= LINE_NEAR &&
            Array.isArray(line.action_metadata.dlq_ids) && line.action_metadata.dlq_ids.includes(dlq_id)
          )
          return line === undefined ? null : { by: line.operator, reason: line.reason }
        }),
      // few and at hand: all that are of these scopes
      pauseLines: (scopes) =>
        Effect.sync(() => {
          const wanted = new Set(scopes.map((scope) => JSON.stringify(scope)))
          return store.actions.filter((line) =>
            (line.action === "pause" || line.action === "resume") && wanted.has(JSON.stringify(scopeOfLine(line)))
          )
        }),
      ahead: (id, waiting) =>
        Effect.sync(() => {
          const before = [...store.queue.values()]
            .filter((queued) =>
              queued.run.goal_instance_id === id && queued.serial &&
              queued.run.scheduled_run_id !== waiting.scheduled_run_id &&
              (queued.claimable_at !== null || queued.run.slot < waiting.slot)
            )
            .sort((a, b) =>
              Number(a.claimable_at === null) - Number(b.claimable_at === null) || a.run.slot - b.run.slot
            )
          return before.length === 0 ? null : { ...other(before[0]!.run), count: before.length }
        }),
      limitsReached: (id) =>
        Effect.sync(() => {
          const queued = store.queue.get(id)
          if (queued === undefined) return []
          const held = [...store.queue.values()].filter((one) => one.holder !== null)
          const limits = [...store.limits.values()]
          const of = [
            { kind: "customer", subject: queued.run.customer_id, running: (o: QueuedRun) => o.run.customer_id },
            { kind: "agent_type", subject: queued.agent_id, running: (o: QueuedRun) => o.agent_id },
          ] as const
          return of.flatMap(({ kind, running, subject }) => {
            const limit = limits.find((one) => one.kind === kind && one.subject === subject) ??
              limits.find((one) => one.kind === `every_${kind}`)
            if (limit === undefined) return []
            const full = held.filter((one) => running(one) === subject).length >= limit.max_running
            return full ? [{ kind, subject, max_running: limit.max_running }] : []
          })
        }),
      openAt: (id, slot, closed_at, which) =>
        Effect.sync(() => {
          const all = ofGoal(id)
          const near = which === "before"
            ? all.filter((run) => run.slot < slot).toReversed()
            : all.filter((run) => run.slot > slot)
          const open = near.find((run) => run.closed_at === null || run.closed_at > closed_at)
          return open === undefined ? null : other(open)
        }),
    })
  }),
)
