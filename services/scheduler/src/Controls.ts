/** What operators do: pause, resume, trigger; each is written to the action log with who and why (domain.md, "Audit"). */
import type { Caller } from "@stint/domain/Caller"
import {
  type ActionLine,
  type Pause,
  type Paused,
  type Resume,
  type Resumed,
  SchedulerPaused,
  type Scope,
  SlotTaken,
  type Status,
  type Trigger,
  type Triggered,
} from "@stint/domain/scheduler/Controls"
import type { GoalDisabled, GoalNotFound, HireNotRunnable } from "@stint/domain/hiring/Goals"
import { HireNotFound } from "@stint/domain/hiring/Hires"
import type { CustomerId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import type { InvalidRequest, Unavailable } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, pageOf } from "@stint/edge/Paging"
import { Clock, Context, DateTime, Effect, Layer, Schema } from "effect"
import { Alerts } from "./Alerts.ts"
import { type ActionRow, ControlsRepo, type StateRow } from "./Controls/Repo.ts"
import { targets } from "./Controls/Target.ts"
import { Nudge } from "./Nudge.ts"

/** How often a pause that waits looks whether what ran has ended, in milliseconds. */
const LOOK_AGAIN = 100

const stateIdOf = (scope: Scope | undefined): string =>
  scope === undefined
    ? "global"
    : scope.hired_instance_id !== undefined
    ? `hire:${scope.hired_instance_id}`
    : `customer:${scope.customer_id}`

const scopeOf = (state_id: string) => {
  const at = state_id.indexOf(":")
  const id = state_id.slice(at + 1)
  return (state_id.startsWith("hire:")
    ? { hired_instance_id: id as HiredInstanceId }
    : { customer_id: id as CustomerId })
}

const nameOf = (state_id: string) => state_id === "global" ? "the scheduler" : state_id.replace(":", " ")

const when = (millis: number | null) => millis === null ? null : DateTime.makeUnsafe(millis)

/** The controls. */
export class Controls extends Context.Service<Controls, {
  /** Stops new runs of a scope; with `wait_for_completion` waits for those that run, up to the time-out. */
  pause(caller: Caller, input: Pause): Effect.Effect<Paused, HireNotFound>
  resume(caller: Caller, input: Resume): Effect.Effect<Resumed>
  /** A run by an operator: at once, of a past slot, or of a future one. */
  trigger(
    caller: Caller,
    goal: GoalInstanceId,
    input: Trigger,
  ): Effect.Effect<Triggered, GoalNotFound | GoalDisabled | HireNotRunnable | SchedulerPaused | SlotTaken | Unavailable>
  readonly status: Effect.Effect<Status>
  /** The action log, the latest first. */
  actions(
    query: { readonly cursor?: string; readonly limit?: number },
    operator?: string,
  ): Effect.Effect<{ readonly items: ReadonlyArray<ActionLine>; readonly next_cursor: string | null }, InvalidRequest>
}>()("scheduler/Controls") {
  static readonly layerNoDeps = Layer.effect(
    Controls,
    Effect.gen(function* () {
      const repo = yield* ControlsRepo
      const ids = yield* Ids
      const nudge = yield* Nudge
      const alerts = yield* Alerts
      const targetOf = yield* targets
      const cursorOf = decodeCursor(Schema.Tuple([Schema.Finite, Schema.String]))

      const pause = Effect.fn("Controls.pause")(function* (caller: Caller, input: Pause) {
        const { reason = null, scope, timeout_seconds = 300, wait_for_completion = false } = input
        const id = stateIdOf(scope)
        // a typo would pause nothing, and say that it did
        if (scope?.hired_instance_id !== undefined && !(yield* repo.knows(scope.hired_instance_id))) {
          return yield* new HireNotFound({ detail: `${scope.hired_instance_id} is not known here` })
        }
        const { state, was } = yield* repo.pause(id, reason, {
          log_id: yield* ids.next("LOG"),
          action: "pause",
          operator: caller.subject,
          goal_instance_id: null,
          reason,
          action_metadata: {
            wait_for_completion,
            timeout_seconds,
            ...(scope === undefined ? {} : { scope: { ...scope } }),
          },
        })
        yield* alerts.hint
        const at = (yield* repo.counts(id)).running
        let left = at
        const until = (yield* Clock.currentTimeMillis) + timeout_seconds * 1000
        while (wait_for_completion && left > 0 && (yield* Clock.currentTimeMillis) < until) {
          yield* Effect.sleep(LOOK_AGAIN)
          left = (yield* repo.counts(id)).running
        }
        return {
          status: was ? "already_paused" as const : "paused" as const,
          message: was
            ? `${nameOf(id)} was paused before by ${state.paused_by}`
            : left === 0
            ? `${nameOf(id)} is paused; nothing runs`
            : `${nameOf(id)} is paused; ${left} still running`,
          paused_at: DateTime.makeUnsafe(state.paused_at!),
          reason: state.paused_reason,
          running_goals_at_pause: at,
          running_goals_after_wait: left,
        }
      })

      const resume = Effect.fn("Controls.resume")(function* (caller: Caller, { reason, scope }: Resume) {
        const id = stateIdOf(scope)
        const { state, was } = yield* repo.resume(id, {
          log_id: yield* ids.next("LOG"),
          action: "resume",
          operator: caller.subject,
          goal_instance_id: null,
          reason: reason ?? null,
          action_metadata: scope === undefined ? {} : { scope: { ...scope } },
        })
        yield* alerts.hint
        if (was) yield* nudge.here
        return {
          status: was ? "running" as const : "already_running" as const,
          message: was ? `${nameOf(id)} goes on` : `${nameOf(id)} was not paused`,
          resumed_at: when(state?.resumed_at ?? null),
        }
      })

      const trigger = Effect.fn("Controls.trigger")(function* (caller: Caller, id: GoalInstanceId, input: Trigger) {
        const { goal } = yield* targetOf(id)
        const force = input.force ?? false
        const slot = input.scheduled_time === undefined
          ? yield* ids.instant
          : DateTime.toEpochMillis(input.scheduled_time)
        const scheduled_run_id = (yield* ids.next("SCH")) as ScheduledRunId
        const scheduled_time = DateTime.makeUnsafe(slot)
        const result = yield* repo.trigger({
          scheduled_run_id,
          goal_instance_id: goal.goal_instance_id,
          hired_instance_id: goal.hired_instance_id,
          customer_id: goal.customer_id,
          slot,
          origin: "trigger",
          request_id: null,
          run_metadata: { triggered_by: caller.subject },
          queue: { serial: false, caught_up: false, forced: force, claimable_at: slot },
        }, {
          log_id: yield* ids.next("LOG"),
          action: "trigger",
          operator: caller.subject,
          goal_instance_id: goal.goal_instance_id,
          reason: input.reason ?? null,
          action_metadata: {
            scheduled_time: DateTime.formatIso(scheduled_time),
            force,
            hired_instance_id: goal.hired_instance_id,
          },
        })
        switch (result._tag) {
          case "Paused":
            return yield* new SchedulerPaused({
              detail: "Resume it, or send force: true",
              paused_reason: result.reason,
            })
          case "Taken":
            return yield* new SlotTaken({
              detail: `The run of ${DateTime.formatIso(scheduled_time)} is ${result.scheduled_run_id}; ` +
                "if it was skipped, a backfill takes it up again",
              scheduled_run_id: result.scheduled_run_id as ScheduledRunId,
            })
          case "Made":
            yield* nudge.here
            return {
              status: "triggered" as const,
              goal_instance_id: goal.goal_instance_id,
              scheduled_time,
              scheduled_run_id,
            }
        }
      })

      const status = Effect.gen(function* () {
        const states = yield* repo.states()
        const counts = yield* repo.counts("global")
        const global: StateRow = states.find((state) => state.state_id === "global")!
        const paused = global.status === "paused"
        return {
          status: global.status,
          is_paused: paused,
          paused_at: when(global.paused_at),
          paused_by: global.paused_by,
          paused_reason: global.paused_reason,
          resumed_at: when(global.resumed_at),
          resumed_by: global.resumed_by,
          updated_at: DateTime.makeUnsafe(global.updated_at),
          running_goals_count: counts.running,
          pending_goals_count: counts.pending,
          scopes: states.filter((state) => state.state_id !== "global" && state.status === "paused").map((state) => ({
            scope: scopeOf(state.state_id),
            paused_at: DateTime.makeUnsafe(state.paused_at!),
            paused_by: state.paused_by,
            reason: state.paused_reason,
          })),
        }
      }).pipe(Effect.withSpan("Controls.status"))

      const actions = Effect.fn("Controls.actions")(function* (
        query: { readonly cursor?: string; readonly limit?: number },
        operator?: string,
      ) {
        const limit = query.limit ?? DEFAULT_LIMIT
        const after = yield* cursorOf(query.cursor)
        const rows = yield* repo.actions({
          ...(operator === undefined ? {} : { operator }),
          ...(after === undefined ? {} : { after }),
          limit: limit + 1,
        })
        const page = pageOf(rows, limit, (row) => [row.timestamp, row.log_id])
        return { ...page, items: page.items.map(lineOf) }
      })

      return Controls.of({ pause, resume, trigger, status, actions })
    }),
  )
}

const lineOf = ({ timestamp, ...row }: ActionRow): ActionLine =>
  ({ ...row, timestamp: DateTime.makeUnsafe(timestamp) }) as ActionLine
