/**
 * What a person asks a maker to change (domain.md, "Revisions"): a making in the queue of makings, of builtins too, that ends as the
 * next revision, or with the reason why there is none. `Revising/Repo/Begin.ts` queues it in the transaction of the decision.
 */
import { findTemplate } from "@stint/domain/Definition"
import { slowMakerOf, timeoutSecondsOf } from "@stint/domain/Definition/Maker"
import { ChangesImpossible, MOST_BY_MAKER, MOST_REVISIONS, TooManyRevisions } from "@stint/domain/deliverables/Reviews"
import { type ApprovalId, GoalInstanceId } from "@stint/domain/Ids"
import { Unavailable } from "@stint/domain/Problem"
import { Context, DateTime, Effect, Layer, Option, Result } from "effect"
import { Hiring } from "./Clients.ts"
import { Definitions } from "./Definitions.ts"
import type { Decidable } from "./Deliverables.ts"
import { SlowMakers } from "./Makers/Slow.ts"
import { Makings, placeOf } from "./Makings.ts"
import type { NewMaking } from "./Makings/Repo/Asks.ts"
import { RevisionsRepo } from "./Revisions/Repo.ts"

/** Where builtins make changes, how many at once, and how long one may take, in seconds: they are pure, and take milliseconds. */
const BUILTIN = { name: "builtin", limit: 16 }
const BUILTIN_SECONDS = 60

/** Asks makers for changes. */
export class Revising extends Context.Service<Revising, {
  /**
   * What the maker of a deliverable is asked for, from its hire and its goal as they now are; `beginRevising` queues it. `approval_id`
   * is the decision's, which names it.
   */
  prepare(
    decidable: Decidable,
    approval_id: ApprovalId,
    notes: string,
  ): Effect.Effect<NewMaking, TooManyRevisions | ChangesImpossible | Unavailable>
  /** Says that one was queued: a hint to the worker, after the commit. */
  readonly begun: Effect.Effect<void>
}>()("deliverables/Revising") {
  static readonly layer = Layer.effect(
    Revising,
    Effect.gen(function* () {
      const hiring = yield* Hiring
      const definitions = yield* Definitions
      const makers = yield* SlowMakers
      const makings = yield* Makings
      const revisions = yield* RevisionsRepo

      /** The goal as it now is. */
      const goalOf = Effect.fnUntraced(function* ({ row }: Decidable) {
        const id = GoalInstanceId.make(row.goal_instance_id)
        const { goals, unread } = yield* hiring.lookup({ goal_instance_ids: [id] })
        if (unread?.goals.includes(id)) return yield* new Unavailable({ detail: `hiring can't read ${id} now` })
        const goal = goals[0]
        if (goal === undefined) return yield* new ChangesImpossible({ detail: `The goal ${id} was deleted` })
        // its settings are another template's
        return goal.goal_template_id === row.goal_template_id ? goal : yield* new ChangesImpossible({
          detail: `The goal ${id} has another template now, ${goal.goal_template_id}`,
        })
      })

      /** Where it is made, and how long that may take. */
      const placeFor = Effect.fnUntraced(function* ({ hire, row }: Decidable) {
        const { agent_id, customer_id, definition_version } = hire
        const definition = yield* definitions.get(agent_id, definition_version)
        const template = Option.isNone(definition) ? undefined : findTemplate(definition.value, row.goal_template_id)
        if (template === undefined) {
          return yield* new ChangesImpossible({
            detail: `${agent_id}@${definition_version} has no template ${row.goal_template_id}`,
          })
        }
        const spec = slowMakerOf(template)
        if (spec === undefined) return { place: BUILTIN, seconds: BUILTIN_SECONDS }
        const place = yield* Effect.result(placeOf(makers, spec, customer_id))
        return Result.isSuccess(place)
          ? { place: place.success, seconds: timeoutSecondsOf(spec) }
          : yield* new ChangesImpossible({ detail: place.failure.detail ?? place.failure.title })
      })

      const prepare = Effect.fn("Revising.prepare")(
        function* (decidable: Decidable, approval_id: ApprovalId, notes: string) {
          const { hire, row } = decidable
          const { deliverable_id } = row
          if (!hire.runnable) {
            return yield* new ChangesImpossible({ detail: `The hire may not run: ${hire.reason ?? "hiring says why"}` })
          }
          if ((yield* revisions.byMaker(deliverable_id)) >= MOST_BY_MAKER) {
            return yield* new TooManyRevisions({
              detail: `The maker of ${deliverable_id} wrote ${MOST_BY_MAKER} revisions: edit, approve or reject it`,
              most: MOST_BY_MAKER,
            })
          }
          if (row.revision >= MOST_REVISIONS) {
            return yield* new TooManyRevisions({
              detail: `${deliverable_id} has ${MOST_REVISIONS} revisions: approve or reject it`,
              most: MOST_REVISIONS,
            })
          }
          const goal = yield* goalOf(decidable)
          const { place, seconds } = yield* placeFor(decidable)
          return {
            idempotency_key: `changes:${approval_id}`,
            customer_id: row.customer_id,
            agent_id: hire.agent_id,
            definition_version: hire.definition_version,
            hired_instance_id: row.hired_instance_id,
            goal_instance_id: row.goal_instance_id,
            goal_template_id: row.goal_template_id,
            scheduled_time: DateTime.formatIso(row.scheduled_time),
            input: { config: hire.config, settings: hire.settings, goal_settings: goal.settings },
            place: place.name,
            most: place.limit,
            timeout_seconds: seconds,
            attempt: null,
            deliverable_id,
            base_revision: row.revision,
            changes: notes,
          } satisfies NewMaking
        },
      )

      return Revising.of({ prepare, begun: makings.begun })
    }),
  )
}
