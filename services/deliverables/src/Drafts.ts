/** The rules of making drafts: one for each run, however often it is requested (design.md, "How exactness is reached"). */
import { type AgentTypeDefinition, definitionId, findTemplate } from "@stint/domain/Definition"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import {
  type BatchItem,
  DraftImpossible,
  type DraftKeyMismatch,
  type DraftRequest,
  type RunGoalNotFound,
  type RunLookupFailed,
  type RunNotRunnable,
} from "@stint/domain/deliverables/Drafts"
import type { DeliverableId } from "@stint/domain/Ids"
import type {
  DraftNotValid,
  MakerAway,
  MakerFailed,
  MakerLate,
  MakerMisconfigured,
  MakerRefused,
  OverBudget,
} from "@stint/domain/deliverables/Makings"
import type { Making } from "@stint/domain/Making"
import { Unavailable } from "@stint/domain/Problem"
import { runTrace } from "@stint/domain/scheduler/Traces"
import { Ids } from "@stint/edge/Ids"
import { Traced, traced } from "@stint/edge/Tracing"
import { Context, DateTime, Effect, Layer, Option, Result } from "effect"
import { Digest } from "effect/crypto"
import { Definitions } from "./Definitions.ts"
import { newDeliverable, toDeliverable } from "./Deliverables/Wire.ts"
import type { HireOfRun } from "./Drafts/Known.ts"
import { type Found, makeLookup } from "./Drafts/Lookup.ts"
import { draftOf, isOwnKey, mismatch, sameRun, slowMakerFor } from "./Drafts/Policy.ts"
import { DraftsRepo } from "./Drafts/Repo.ts"
import type { NewDraft } from "./Deliverables/Repo/NewDrafts.ts"
import { type Asked, Makings } from "./Makings.ts"

/** Why a run gets no draft. */
export type DraftProblem =
  | RunGoalNotFound
  | RunNotRunnable
  | DraftImpossible
  | DraftKeyMismatch
  | RunLookupFailed
  | DraftNotValid
  | MakerRefused
  | MakerMisconfigured
  | OverBudget
  | MakerLate
  | MakerFailed
  | MakerAway
  | Unavailable

/** A run's draft that is stored: its id, and the deliverable that shows it. */
export interface Drafted {
  readonly deliverable_id: DeliverableId
  readonly show: () => Deliverable
}

/** A run whose draft a slow maker makes. */
export interface Underway {
  readonly making: Making
}

/** The outcome of one run of a batch. */
export type DraftOutcome = Result.Result<Drafted | Underway, DraftProblem>

/** Makes drafts. */
export class Drafts extends Context.Service<Drafts, {
  /** The draft of one run; the stored one when its key is known. Fails with Unavailable while a slow maker makes it. */
  create(key: string, request: DraftRequest): Effect.Effect<Deliverable, DraftProblem>
  /**
   * The drafts of a batch: an outcome for each item, in order. Hiring is asked once, for those whose goal or hire is not kept at
   * the revision that they name; when it does not answer, they fail with Unavailable, and the call does when there are no
   * others: then nothing is stored. A failure of one item is the outcome of that item alone.
   */
  createBatch(items: ReadonlyArray<BatchItem>): Effect.Effect<ReadonlyArray<DraftOutcome>, Unavailable>
}>()("deliverables/Drafts") {
  static readonly layer = Layer.effect(
    Drafts,
    Effect.gen(function* () {
      const repo = yield* DraftsRepo
      const lookup = yield* makeLookup
      const make = yield* makeAll
      const makings = yield* Makings

      /** The stored rows of these runs, by key; undefined for one that can't be read. */
      const stored = Effect.fnUntraced(function* (items: ReadonlyArray<BatchItem>) {
        const rows = items.length === 0 ? [] : yield* repo.byKeys(items.map((item) => item.idempotency_key))
        return new Map(rows.map(({ key, row }) => [key.idempotency_key, row]))
      })

      /** The goals and hires of runs that have no draft: those of `found`, and the others' as hiring has them. */
      const findAll = Effect.fnUntraced(function* (found: Map<string, Found>, others: ReadonlyArray<BatchItem>) {
        if (others.length === 0) return found
        const looked = yield* Effect.result(lookup.lookUp(others))
        if (Result.isFailure(looked) && found.size === 0) return yield* looked.failure
        for (const { idempotency_key: key } of others) {
          found.set(key, Result.isFailure(looked) ? Result.fail(looked.failure) : looked.success.get(key)!)
        }
        return found
      })

      /** How those stand that a slow maker makes. One whose draft is stored is left out. */
      const askFor = Effect.fnUntraced(function* (asked: ReadonlyArray<Asked>, outcomes: Map<string, DraftOutcome>) {
        const drafted = new Set(
          (yield* repo.byKeys(asked.map((one) => one.idempotency_key))).map(({ key }) => key.idempotency_key),
        )
        const waiting = asked.filter((one) => !drafted.has(one.idempotency_key))
        for (const [key, outcome] of yield* makings.ask(waiting)) {
          outcomes.set(key, Result.map(outcome, (making): Underway => ({ making })))
        }
      })

      /** Makes and stores the drafts of runs that have none. A run whose key another call stored meanwhile is left out. */
      const createNew = Effect.fnUntraced(function* (
        items: ReadonlyArray<BatchItem>,
        found: ReadonlyMap<string, Found>,
      ) {
        const { asked, drafts, outcomes } = yield* make(items, found)
        if (asked.length > 0) yield* askFor(asked, outcomes)
        const inserted = drafts.length === 0 ? new Set<string>() : yield* repo.insert(drafts)
        for (const draft of drafts) {
          if (inserted.has(draft.idempotency_key)) {
            const { deliverable_id } = draft
            outcomes.set(
              draft.idempotency_key,
              Result.succeed({ deliverable_id, show: () => newDeliverable(draft) }),
            )
          }
        }
        return outcomes
      })

      const createBatch = Effect.fn("Drafts.createBatch")(function* (items: ReadonlyArray<BatchItem>) {
        const first = new Map<string, BatchItem>()
        const others = new Set<BatchItem>()
        for (const item of items) {
          if (!isOwnKey(item.idempotency_key, item)) others.add(item)
          else if (!first.has(item.idempotency_key)) first.set(item.idempotency_key, item)
        }
        const requested = [...first.values()]
        const found = yield* lookup.known(requested)
        // hiring is not asked for a run that has its draft; where nothing is to be asked, the keys show that when it is stored
        const known = yield* stored(requested.filter((item) => !found.has(item.idempotency_key)))
        const missing = requested.filter((item) => !known.has(item.idempotency_key))
        yield* findAll(found, missing.filter((item) => !found.has(item.idempotency_key)))
        const made = yield* createNew(missing, found)
        // stored by another call, or before the hire was stopped
        const unmade = missing.filter(({ idempotency_key: key }) => {
          const outcome = made.get(key)
          return outcome === undefined || Result.isFailure(outcome)
        })
        for (const [key, row] of yield* stored(unmade)) known.set(key, row)
        return items.map((item): DraftOutcome => {
          const { idempotency_key: key } = item
          const row = known.get(key)
          if (row === undefined && known.has(key)) {
            return Result.fail(new DraftImpossible({ detail: `the draft stored under ${key} can't be read` }))
          }
          if (others.has(item) || !sameRun(row ?? first.get(key)!, item)) return Result.fail(mismatch(key))
          if (row === undefined) return made.get(key)!
          return Result.succeed({ deliverable_id: row.deliverable_id, show: () => toDeliverable(row) })
        })
      })

      const create = Effect.fn("Drafts.create")(function* (key: string, request: DraftRequest) {
        const [outcome] = yield* createBatch([{ idempotency_key: key, ...request }])
        const made = yield* Effect.fromResult(outcome!)
        if ("making" in made) return yield* new Unavailable({ detail: "The draft is being made: ask again" })
        return made.show()
      })

      return Drafts.of({ create, createBatch })
    }),
  )
}

/** How many definitions are fetched at once. */
const DEFINITIONS = 8

const idOf = ({ agent_id, definition_version }: HireOfRun) =>
  definitionId({ agent_type_id: agent_id, version: definition_version })

/** The definition of a hire, as it was got; where the catalog has none, its runs get no draft. */
const definitionFrom =
  (hire: HireOfRun) =>
  (definition: Option.Option<AgentTypeDefinition>): Result.Result<AgentTypeDefinition, DraftImpossible> =>
    Option.isSome(definition)
      ? Result.succeed(definition.value)
      : Result.fail(new DraftImpossible({ detail: `${idOf(hire)} is not in the catalog` }))

/** A draft that is made, and has no id yet. */
type Made = Omit<NewDraft, "deliverable_id">

/** Makes the drafts of runs, storing nothing: the drafts, those that slow makers make, and the failed outcomes by key. */
const makeAll = Effect.gen(function* () {
  const definitions = yield* Definitions
  const ids = yield* Ids
  const digest = yield* Digest.Digest

  /**
   * The definitions that these runs need, or why there is none, each once: a catalog that does not answer is waited for once a
   * batch, and not for each run.
   */
  const definitionsOf = Effect.fnUntraced(function* (runs: Iterable<Found>) {
    const hires = new Set<HireOfRun>()
    for (const run of runs) if (Result.isSuccess(run)) hires.add(run.success.hire)
    const wanted = new Map([...hires].map((hire) => [idOf(hire), hire] as const))
    const found = new Map(
      yield* Effect.forEach(
        wanted,
        ([id, { agent_id, definition_version }]) =>
          Effect.map(Effect.result(definitions.get(agent_id, definition_version)), (got) => [id, got] as const),
        { concurrency: DEFINITIONS },
      ),
    )
    return new Map([...hires].map((hire) => [hire, Result.flatMap(found.get(idOf(hire))!, definitionFrom(hire))]))
  })

  /** The draft of a run, but for its id; or what its slow maker is asked. */
  const makeOne = (
    item: BatchItem,
    found: Found,
    known: Effect.Success<ReturnType<typeof definitionsOf>>,
    created_at: DateTime.Utc,
  ): Result.Result<Made | Asked, DraftProblem> => {
    if (Result.isFailure(found)) return Result.fail(found.failure)
    const run = found.success
    const defined = known.get(run.hire)!
    if (Result.isFailure(defined)) return Result.fail(defined.failure)
    const definition = defined.success
    const slow = slowMakerFor(definition, run)
    if (Result.isFailure(slow)) return Result.fail(slow.failure)
    if (slow.success !== undefined) {
      const { attempt, idempotency_key, scheduled_time } = item
      const spec = slow.success
      return Result.succeed({ idempotency_key, attempt, scheduled_time, spec, hire: run.hire, goal: run.goal })
    }
    return Result.map(draftOf(definition, run, item.scheduled_time), (draft): Made => ({
      hired_instance_id: item.hired_instance_id,
      goal_instance_id: item.goal_instance_id,
      goal_template_id: run.goal.goal_template_id,
      title: draft.title,
      payload: draft.payload,
      idempotency_key: item.idempotency_key,
      customer_id: run.hire.customer_id,
      agent_id: run.hire.agent_id,
      scheduled_time: item.scheduled_time,
      approval_required: definition.enforcement_defaults.approval_required,
      created_at,
      approval: findTemplate(definition, run.goal.goal_template_id)?.approval ?? null,
    }))
  }

  return Effect.fnUntraced(function* (items: ReadonlyArray<BatchItem>, found: ReadonlyMap<string, Found>) {
    const outcomes = new Map<string, DraftOutcome>()
    const made: Array<Made> = []
    const asked: Array<Asked> = []
    if (items.length === 0) return { asked, drafts: [], outcomes }
    const known = yield* definitionsOf(found.values())
    const now = yield* DateTime.now
    const isTraced = yield* Traced
    for (const item of items) {
      const { goal_instance_id, idempotency_key } = item
      const make = () => makeOne(item, found.get(idempotency_key)!, known, now)
      const one = !isTraced ? make() : yield* Effect.result(
        traced("draft", Effect.provideService(runTrace(idempotency_key), Digest.Digest, digest), { goal_instance_id })(
          Effect.suspend(() => Effect.fromResult(make())),
        ),
      )
      if (Result.isFailure(one)) outcomes.set(idempotency_key, Result.fail(one.failure))
      else if ("spec" in one.success) asked.push(one.success)
      else made.push(one.success)
    }
    const drawn = yield* ids.take("DEL", made.length)
    const drafts = made.map((draft, nth): NewDraft => ({ ...draft, deliverable_id: drawn[nth] as DeliverableId }))
    return { asked, drafts, outcomes }
  })
})
