/**
 * Makings: drafts of slow makers (domain.md, "Makers"). The queue (`makings`) holds each from its request until it ends; while its
 * maker works nothing else is held for it. `Makings/Worker.ts` has them made.
 */
import { type SlowTemplateMaker, type TemplateMaker, timeoutSecondsOf } from "@stint/domain/Definition/Maker"
import {
  type MakerPlace,
  MakingNotFound,
  type ModelCheck,
  type ModelNotFound,
} from "@stint/domain/deliverables/Makings"
import type { Making } from "@stint/domain/Making"
import type { AgentTypeId, CustomerId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { JsonObject } from "@stint/domain/Protocol"
import { Context, DateTime, Effect, Layer, Queue, Result } from "effect"
import type { ModelPlace, Place, SlowMakersByKind } from "./Makers/SlowMaker.ts"
import { SlowMakers } from "./Makers/Slow.ts"
import { type MakingProblem, problemFrom, standingOf, toMaking } from "./Makings/Policy.ts"
import { MakingsRepo } from "./Makings/Repo.ts"
import type { NewMaking } from "./Makings/Repo/Asks.ts"

/** A run whose draft a slow maker makes, with what it is made from. */
export interface Asked {
  readonly idempotency_key: string
  /** The attempt of the run; undefined in requests of 0.2.0. */
  readonly attempt: string | undefined
  readonly scheduled_time: DateTime.Utc
  readonly spec: SlowTemplateMaker
  readonly hire: {
    readonly hired_instance_id: HiredInstanceId
    readonly customer_id: CustomerId
    readonly agent_id: AgentTypeId
    readonly definition_version: string
    readonly config: JsonObject
    readonly settings: JsonObject
  }
  readonly goal: {
    readonly goal_instance_id: GoalInstanceId
    readonly goal_template_id: string
    readonly settings: JsonObject
  }
}

/** How a making stands for its run: it is under way, or it failed. */
export type MakingOutcome = Result.Result<Making, MakingProblem>

/** Where the calls of a maker go. */
export const placeOf = (makers: SlowMakersByKind, spec: SlowTemplateMaker, customer_id: CustomerId) =>
  spec.kind === "model" ? makers.model.place(spec, customer_id) : makers.http.place(spec, customer_id)

/** Why such a maker can be called for no customer; null where nothing is known to be in its way. */
const faultOf = (makers: SlowMakersByKind, spec: TemplateMaker): Effect.Effect<string | null> =>
  spec.kind === "model"
    ? makers.model.fault(spec)
    : spec.kind === "http"
    ? makers.http.fault(spec)
    : Effect.succeed(null)

const rowOf = (
  { attempt, goal, hire, idempotency_key, scheduled_time, spec }: Asked,
  { limit, name }: Place,
): NewMaking => ({
  idempotency_key,
  customer_id: hire.customer_id,
  agent_id: hire.agent_id,
  definition_version: hire.definition_version,
  hired_instance_id: hire.hired_instance_id,
  goal_instance_id: goal.goal_instance_id,
  goal_template_id: goal.goal_template_id,
  scheduled_time: DateTime.formatIso(scheduled_time),
  input: { config: hire.config, settings: hire.settings, goal_settings: goal.settings },
  place: name,
  most: limit,
  timeout_seconds: timeoutSecondsOf(spec),
  attempt: attempt ?? null,
  deliverable_id: null,
  base_revision: null,
  changes: null,
})

/** The places that were called, and the models that were not, by name. */
const withModels = (
  called: ReadonlyArray<MakerPlace>,
  models: ReadonlyArray<ModelPlace>,
): ReadonlyArray<MakerPlace> => {
  const all = new Map(called.map((place) => [place.place, place]))
  const idle = { making: 0, waiting: 0, away_since: null, retry_at: null, last_error: null }
  for (const { limit, name: place, ...model } of models) {
    all.set(place, { ...idle, ...all.get(place), place, limit, model })
  }
  return [...all.values()].sort((a, b) => a.place < b.place ? -1 : 1)
}

/** Makings, as their runs ask for them. */
export class Makings extends Context.Service<Makings, {
  /**
   * How the makings of these runs stand, by key; what is not there is queued, and so is what failed under another attempt. The
   * caller has seen that none of them has its draft.
   */
  ask(asked: ReadonlyArray<Asked>): Effect.Effect<ReadonlyMap<string, MakingOutcome>>
  /** One that is under way. */
  get(key: string): Effect.Effect<Making, MakingNotFound>
  /** Cancels those that are under way; how many were. What their makers still return is discarded. */
  cancel(keys: ReadonlyArray<string>): Effect.Effect<number>
  /** Where makers are called, by name: the models that are there, and whatever was called. */
  readonly places: Effect.Effect<ReadonlyArray<MakerPlace>>
  /** Why each of some makers can be called for no customer; null where nothing is known to be in its way. */
  check(makers: ReadonlyArray<TemplateMaker>): Effect.Effect<ReadonlyArray<string | null>>
  /** Asks a model whether it answers. */
  checkModel(alias: string): Effect.Effect<ModelCheck, ModelNotFound>
  /** Waits until this process has queued some: a hint, since the queue is the truth. */
  readonly asked: Effect.Effect<void>
  /** Says that some were queued by another's transaction. */
  readonly begun: Effect.Effect<void>
}>()("deliverables/Makings") {
  static readonly layer = Layer.effect(
    Makings,
    Effect.gen(function* () {
      const repo = yield* MakingsRepo
      const makers = yield* SlowMakers
      const hints = yield* Queue.sliding<void>(1)
      const hint = Effect.asVoid(Queue.offer(hints, undefined))

      const rowsOf = (keys: ReadonlyArray<string>) =>
        Effect.map(repo.find(keys), (rows) => new Map(rows.map((row) => [row.idempotency_key, row])))

      /** Queues them; the outcomes of those that can't be. */
      const queue = Effect.fnUntraced(function* (asked: ReadonlyArray<Asked>) {
        const refused = new Map<string, MakingOutcome>()
        const rows: Array<NewMaking> = []
        for (const one of asked) {
          const place = yield* Effect.result(placeOf(makers, one.spec, one.hire.customer_id))
          if (Result.isSuccess(place)) rows.push(rowOf(one, place.success))
          else refused.set(one.idempotency_key, Result.fail(place.failure))
        }
        if (rows.length > 0) {
          yield* repo.ask(rows)
          yield* hint
        }
        return refused
      })

      const ask = Effect.fn("Makings.ask")(function* (asked: ReadonlyArray<Asked>) {
        const known = yield* rowsOf(asked.map((one) => one.idempotency_key))
        const fresh = asked.filter((one) => standingOf(known.get(one.idempotency_key), one.attempt) === "new")
        const outcomes = fresh.length === 0 ? new Map<string, MakingOutcome>() : yield* queue(fresh)
        for (const [key, row] of fresh.length === 0 ? [] : yield* rowsOf(fresh.map((one) => one.idempotency_key))) {
          known.set(key, row)
        }
        for (const { attempt, idempotency_key: key } of asked) {
          const row = known.get(key)
          if (outcomes.has(key) || row === undefined) continue
          const standing = standingOf(row, attempt)
          outcomes.set(
            key,
            typeof standing === "string" ? Result.succeed(toMaking(row)) : Result.fail(problemFrom(standing)),
          )
        }
        return outcomes
      })

      const get = Effect.fn("Makings.get")(function* (key: string) {
        const row = (yield* repo.find([key]))[0]
        if (row === undefined || row.ended_for !== null) return yield* new MakingNotFound({ detail: key })
        return toMaking(row)
      })

      const { check: checkModel, models } = makers.model
      return Makings.of({
        ask,
        get,
        cancel: repo.cancel,
        places: Effect.map(repo.places, (called) => withModels(called, models)),
        check: Effect.fn("Makings.check")(function* (specs: ReadonlyArray<TemplateMaker>) {
          return yield* Effect.forEach(specs, (spec) => faultOf(makers, spec))
        }),
        checkModel,
        asked: Queue.take(hints),
        begun: hint,
      })
    }),
  )
}
