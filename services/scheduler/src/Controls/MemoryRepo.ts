/** The controls' units of work over the memory store. */
import { Clock, Effect, Layer, Option } from "effect"
import { memoryAlerts } from "../Alerts/Repo.ts"
import { auditMemory } from "../Audit/Repo.ts"
import { memoryWrites } from "../Queue/Repo.ts"
import { Store } from "../Store.ts"
import { alertIdOf, ControlsRepo, pausedAlert, type TriggerResult } from "./Repo.ts"

const inScope = (id: string, of: { readonly hired_instance_id: string; readonly customer_id: string }) =>
  id === "global" || id === `hire:${of.hired_instance_id}` || id === `customer:${of.customer_id}`

/** The pause that stops a hire's runs, if one does. */
export const pauseOver = (
  store: Store["Service"],
  of: { readonly hired_instance_id: string; readonly customer_id: string },
) => store.states.values().find((state) => state.status === "paused" && inScope(state.state_id, of))

/** The layer of `ControlsRepo` over the memory store. */
export const layerMemory = Layer.effect(
  ControlsRepo,
  Effect.gen(function* () {
    const store = yield* Store
    const { insert } = memoryWrites(store)
    const audit = auditMemory(store)
    const alerts = memoryAlerts(store)
    return ControlsRepo.of({
      states: () => Effect.sync(() => [...store.states.values()].map((state) => ({ ...state }))),
      pause: (id, reason, line) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const old = store.states.get(id)
          if (old?.status === "paused") return { state: { ...old }, was: true }
          const state = {
            state_id: id,
            resumed_at: old?.resumed_at ?? null,
            resumed_by: old?.resumed_by ?? null,
            status: "paused" as const,
            paused_at: now,
            paused_by: line.operator,
            paused_reason: reason,
            updated_at: now,
          }
          store.states.set(id, state)
          audit(line, now)
          alerts.begin(alertIdOf(line), pausedAlert(id, line), now)
          return { state: { ...state }, was: false }
        }),
      resume: (id, line) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const old = store.states.get(id)
          if (old === undefined || old.status === "running") return { state: old, was: false }
          audit({
            ...line,
            action_metadata: {
              ...line.action_metadata,
              paused_by: old.paused_by,
              paused_at: new Date(old.paused_at!).toISOString(),
            },
          }, now)
          alerts.end("paused", id, pausedAlert(id, line).details, now)
          Object.assign(old, { status: "running", resumed_at: now, resumed_by: line.operator, updated_at: now })
          return { state: { ...old }, was: true }
        }),
      counts: (id) =>
        Effect.sync(() => {
          const live = [...store.queue.values()].filter((queued) => inScope(id, queued.run))
          const running = live.filter((queued) => queued.holder !== null).length
          return { running, pending: live.length - running }
        }),
      knows: (id) => Effect.sync(() => store.hires.has(id)),
      target: (id) =>
        Effect.sync(() => {
          const goal = store.goals.get(id)
          const hire = goal === undefined ? undefined : store.hires.get(goal.hired_instance_id)
          return goal === undefined || hire === undefined ? Option.none() : Option.some({ goal, hire })
        }),
      trigger: (run, line) =>
        Effect.map(Clock.currentTimeMillis, (now): TriggerResult => {
          const stop = pauseOver(store, run)
          if (stop !== undefined && run.queue?.forced !== true) return { _tag: "Paused", reason: stop.paused_reason }
          const made = insert([run], now)
          if (made.length > 0) {
            audit(line, now)
            return { _tag: "Made" }
          }
          const there = store.runs.values().find((r) =>
            r.goal_instance_id === run.goal_instance_id && r.slot === run.slot
          )!
          return there.scheduled_run_id === run.scheduled_run_id
            ? { _tag: "Made" }
            : { _tag: "Taken", scheduled_run_id: there.scheduled_run_id }
        }),
      actions: (f) =>
        Effect.sync(() =>
          store.actions
            .filter((line) =>
              (f.operator === undefined || line.operator === f.operator) &&
              (f.after === undefined || line.timestamp < f.after[0] ||
                (line.timestamp === f.after[0] && line.log_id < f.after[1]))
            )
            .sort((a, b) => b.timestamp - a.timestamp || (a.log_id < b.log_id ? 1 : -1))
            .slice(0, f.limit)
        ),
    })
  }),
)
