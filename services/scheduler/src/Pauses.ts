/**
 * Pauses: stop new runs of everything, of a hire or of a customer, and let them start again (domain.md, "Rules: when it runs").
 * They are written here. They bind in a claim: `is_paused` (sql/scheduler/190_queue_state.up.sql), by which `Queue/Repo/Lanes.ts`
 * and `Queue/Repo/Transitions.ts` pass over what is paused.
 */
import { type Caller, canSee, customerOf } from "@stint/domain/Caller"
import { HireNotFound } from "@stint/domain/hiring/Hires"
import type { CustomerId } from "@stint/domain/Ids"
import { CustomerNotFound } from "@stint/domain/Problem"
import type { HoldingPause, Pause, Paused, Resume, Resumed, Scope, Status } from "@stint/domain/scheduler/Pauses"
import { Ids } from "@stint/edge/Ids"
import { Clock, Context, DateTime, Effect, Layer } from "effect"
import { Alerts } from "./Alerts.ts"
import { namingFor } from "./Names.ts"
import { Nudge } from "./Nudge.ts"
import { PausesRepo } from "./Pauses/Repo.ts"
import type { StateRow } from "./Pauses/Row.ts"
import { ProjectionRepo } from "./Projection/Repo.ts"
import { GLOBAL, scopeName, scopeOf, stateIdOf } from "./Scopes.ts"

/** How often a pause with `wait_for_completion` counts the running runs, in milliseconds. */
const COUNT_AGAIN = 100

const when = (millis: number | null) => millis === null ? null : DateTime.makeUnsafe(millis)

export class Pauses extends Context.Service<Pauses, {
  /** Stops new runs of a scope. With `wait_for_completion` it waits for the running ones, at most `timeout_seconds`. */
  pause(caller: Caller, input: Pause): Effect.Effect<Paused, HireNotFound | CustomerNotFound>
  /** Lets a scope go on. One that was paused can be resumed whether it is known or not. */
  resume(caller: Caller, input: Resume): Effect.Effect<Resumed, HireNotFound | CustomerNotFound>
  readonly status: Effect.Effect<Status>
  /** The pauses that hold: those that bind a customer, or all. A customer reads its own alone. */
  holding(caller: Caller, asked?: CustomerId): Effect.Effect<ReadonlyArray<HoldingPause>, CustomerNotFound>
}>()("scheduler/Pauses") {
  static readonly layer = Layer.effect(
    Pauses,
    Effect.gen(function* () {
      const repo = yield* PausesRepo
      const projection = yield* ProjectionRepo
      const ids = yield* Ids
      const nudge = yield* Nudge
      const alerts = yield* Alerts

      // without this check a typo would pause nothing, and the answer would say that it did
      const known = Effect.fnUntraced(function* (scope: Scope | undefined) {
        if (scope?.hired_instance_id !== undefined && !(yield* projection.knowsHire(scope.hired_instance_id))) {
          return yield* new HireNotFound({ detail: `The scheduler has no hire ${scope.hired_instance_id}` })
        }
        if (scope?.customer_id !== undefined && !(yield* projection.knowsCustomer(scope.customer_id))) {
          return yield* new CustomerNotFound({ detail: `The scheduler has no hire of a customer ${scope.customer_id}` })
        }
      })

      const pause = Effect.fn("Pauses.pause")(function* (caller: Caller, input: Pause) {
        const { reason, scope, timeout_seconds = 300, wait_for_completion = false } = input
        const id = stateIdOf(scope)
        yield* known(scope)
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
          yield* Effect.sleep(COUNT_AGAIN)
          left = (yield* repo.counts(id)).running
        }
        return {
          status: was ? "already_paused" as const : "paused" as const,
          message: was
            ? `${scopeName(id)} was paused before, by ${state.paused_by}`
            : left === 0
            ? `${scopeName(id)} is paused; nothing runs`
            : `${scopeName(id)} is paused; ${left} still running`,
          paused_at: DateTime.makeUnsafe(state.paused_at!),
          reason: state.paused_reason,
          running_goals_at_pause: at,
          running_goals_after_wait: left,
        }
      })

      const resume = Effect.fn("Pauses.resume")(function* (caller: Caller, { reason, scope }: Resume) {
        const id = stateIdOf(scope)
        const { state, was } = yield* repo.resume(id, {
          log_id: yield* ids.next("LOG"),
          action: "resume",
          operator: caller.subject,
          goal_instance_id: null,
          reason: reason ?? null,
          action_metadata: scope === undefined ? {} : { scope: { ...scope } },
        })
        if (state === undefined) yield* known(scope)
        yield* alerts.hint
        if (was) yield* nudge.here
        return {
          status: was ? "running" as const : "already_running" as const,
          message: was ? `${scopeName(id)} is resumed` : `${scopeName(id)} was not paused`,
          resumed_at: when(state?.resumed_at ?? null),
        }
      })

      const holding = Effect.fn("Pauses.holding")(function* (caller: Caller, asked?: CustomerId) {
        const customer = asked ?? customerOf(caller)
        if (customer !== undefined && !canSee(caller, customer)) {
          return yield* new CustomerNotFound({ detail: customer })
        }
        const naming = namingFor(caller)
        return (yield* repo.holding(customer ?? null)).map(({ paused_at, paused_by, paused_reason, state_id }) => ({
          scope: scopeOf(state_id) ?? null,
          paused_at: DateTime.makeUnsafe(paused_at!),
          paused_by: naming(paused_by ?? "unknown"),
          reason: paused_reason,
        }))
      })

      return Pauses.of({ pause, resume, status: statusOf(repo), holding })
    }),
  )
}

const statusOf = (repo: PausesRepo["Service"]): Effect.Effect<Status> =>
  Effect.gen(function* () {
    const states = yield* repo.states()
    const counts = yield* repo.counts(GLOBAL)
    const global: StateRow = states.find((state) => state.state_id === GLOBAL)!
    return {
      status: global.status,
      is_paused: global.status === "paused",
      paused_at: when(global.paused_at),
      paused_by: global.paused_by,
      paused_reason: global.paused_reason,
      resumed_at: when(global.resumed_at),
      resumed_by: global.resumed_by,
      updated_at: DateTime.makeUnsafe(global.updated_at),
      running_goals_count: counts.running,
      pending_goals_count: counts.pending,
      scopes: states.flatMap(({ paused_at, paused_by, paused_reason, state_id, status }) => {
        const scope = scopeOf(state_id)
        return scope === undefined || status !== "paused"
          ? []
          : [{ scope, paused_at: DateTime.makeUnsafe(paused_at!), paused_by, reason: paused_reason }]
      }),
    }
  }).pipe(Effect.withSpan("Pauses.status"))
