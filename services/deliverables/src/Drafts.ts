/** The rules of making drafts: one for each run, however often it is requested (design.md, "How exactness is reached"). */
import { definitionId } from "@stint/domain/Definition"
import { Deliverable } from "@stint/domain/deliverables/Deliverables"
import {
  type BatchItem,
  DraftImpossible,
  type DraftKeyMismatch,
  type DraftRequest,
  type RunGoalNotFound,
  type RunNotRunnable,
} from "@stint/domain/deliverables/Drafts"
import { DeliverableId } from "@stint/domain/Ids"
import type { Unavailable } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { Context, DateTime, Effect, Layer, Option, Result } from "effect"
import { Hiring } from "./Clients.ts"
import { Definitions } from "./Definitions.ts"
import { toDeliverable } from "./Deliverables/Wire.ts"
import { draftOf, mismatch, type Runnable, runnable, sameRun } from "./Drafts/Policy.ts"
import { DraftsRepo, type NewDraft } from "./Drafts/Repo.ts"

/** Why a run gets no draft. */
export type DraftProblem = RunGoalNotFound | RunNotRunnable | DraftImpossible | DraftKeyMismatch | Unavailable

/** The outcome of one run of a batch. */
export type DraftOutcome = Result.Result<Deliverable, DraftProblem>

/** Makes drafts. */
export class Drafts extends Context.Service<Drafts, {
  /** The draft of one run; the stored one when its key is known. */
  create(key: string, request: DraftRequest): Effect.Effect<Deliverable, DraftProblem>
  /**
   * The drafts of a batch: an outcome for each item, in order. Hiring is asked once for all of them; when it does not
   * answer, the call fails and nothing is stored. A failure of one item is the outcome of that item alone.
   */
  createBatch(items: ReadonlyArray<BatchItem>): Effect.Effect<ReadonlyArray<DraftOutcome>, Unavailable>
}>()("deliverables/Drafts") {
  static readonly layer = Layer.effect(
    Drafts,
    Effect.gen(function* () {
      const repo = yield* DraftsRepo
      const make = yield* makeAll

      /** The stored rows of these runs, by key. */
      const stored = Effect.fnUntraced(function* (items: ReadonlyArray<BatchItem>) {
        const rows = items.length === 0 ? [] : yield* repo.byKeys(items.map((item) => item.idempotency_key))
        return new Map(rows.map((row) => [row.idempotency_key, row]))
      })

      /** Makes and stores the drafts of runs that have none. A run whose key another call stored meanwhile is left out. */
      const createNew = Effect.fnUntraced(function* (items: ReadonlyArray<BatchItem>) {
        const { drafts, outcomes } = yield* make(items)
        const inserted = drafts.length === 0 ? new Set<string>() : yield* repo.insert(drafts)
        for (const draft of drafts) {
          if (inserted.has(draft.idempotency_key)) {
            outcomes.set(draft.idempotency_key, Result.succeed(newDeliverable(draft)))
          }
        }
        return outcomes
      })

      const createBatch = Effect.fn("Drafts.createBatch")(function* (items: ReadonlyArray<BatchItem>) {
        const first = new Map<string, BatchItem>()
        for (const item of items) if (!first.has(item.idempotency_key)) first.set(item.idempotency_key, item)
        const requested = [...first.values()]
        const known = yield* stored(requested)
        const made = yield* createNew(requested.filter((item) => !known.has(item.idempotency_key)))
        // stored by another call since the first look
        const others = requested.filter(({ idempotency_key: key }) => !known.has(key) && !made.has(key))
        for (const [key, row] of yield* stored(others)) known.set(key, row)
        return items.map((item): DraftOutcome => {
          const { idempotency_key: key } = item
          const row = known.get(key)
          if (!sameRun(row ?? first.get(key)!, item)) return Result.fail(mismatch(key))
          return row === undefined ? made.get(key)! : Result.succeed(toDeliverable(row))
        })
      })

      const create = Effect.fn("Drafts.create")(function* (key: string, request: DraftRequest) {
        const [outcome] = yield* createBatch([{ idempotency_key: key, ...request }])
        return yield* Effect.fromResult(outcome!)
      })

      return Drafts.of({ create, createBatch })
    }),
  )
}

/** Makes the drafts of runs, storing nothing: the drafts, and the failed outcomes by key. */
const makeAll = Effect.gen(function* () {
  const hiring = yield* Hiring
  const definitions = yield* Definitions
  const ids = yield* Ids

  /** The goal and hire of each run, or why it may have no draft. */
  const lookUp = Effect.fnUntraced(function* (items: ReadonlyArray<BatchItem>) {
    const goal_instance_ids = [...new Set(items.map((item) => item.goal_instance_id))]
    const found = yield* hiring.lookup({ goal_instance_ids })
    const goals = new Map(found.goals.map((goal) => [goal.goal_instance_id, goal]))
    const hires = new Map(found.hires.map((hire) => [hire.hired_instance_id, hire]))
    const unread = new Set<string>([...found.unread?.goals ?? [], ...found.unread?.hires ?? []])
    return items.map((item): Result.Result<Runnable, DraftProblem> => {
      const goal = goals.get(item.goal_instance_id)
      const id = [item.goal_instance_id, goal?.hired_instance_id ?? ""].find((one) => unread.has(one))
      return id === undefined
        ? runnable(item, goal, goal && hires.get(goal.hired_instance_id))
        : Result.fail(new DraftImpossible({ detail: `hiring can't read ${id}; its log says why` }))
    })
  })

  const definitionOf = Effect.fnUntraced(function* ({ hire }: Runnable) {
    const definition = yield* definitions.get(hire.agent_id, hire.definition_version)
    if (Option.isSome(definition)) return definition.value
    const id = definitionId({ agent_type_id: hire.agent_id, version: hire.definition_version })
    return yield* new DraftImpossible({ detail: `${id} is not in the catalog` })
  })

  const makeOne = Effect.fnUntraced(function* (
    item: BatchItem,
    found: Result.Result<Runnable, DraftProblem>,
    created_at: DateTime.Utc,
  ) {
    const run = yield* Effect.fromResult(found)
    const definition = yield* definitionOf(run)
    const draft = yield* Effect.fromResult(draftOf(definition, run, item.scheduled_time))
    const made: NewDraft = {
      deliverable_id: DeliverableId.make(yield* ids.next("DEL")),
      hired_instance_id: item.hired_instance_id,
      goal_instance_id: item.goal_instance_id,
      goal_template_id: run.goal.goal_template_id,
      title: draft.title,
      payload: draft.payload,
      idempotency_key: item.idempotency_key,
      customer_id: run.hire.customer_id,
      scheduled_time: item.scheduled_time,
      approval_required: definition.enforcement_defaults.approval_required,
      created_at,
    }
    return made
  })

  return Effect.fnUntraced(function* (items: ReadonlyArray<BatchItem>) {
    const outcomes = new Map<string, DraftOutcome>()
    const drafts: Array<NewDraft> = []
    if (items.length === 0) return { drafts, outcomes }
    const runs = yield* lookUp(items)
    const now = yield* DateTime.now
    for (const [i, item] of items.entries()) {
      const made = yield* Effect.result(makeOne(item, runs[i]!, now))
      if (Result.isSuccess(made)) drafts.push(made.success)
      else outcomes.set(item.idempotency_key, Result.fail(made.failure))
    }
    return { drafts, outcomes }
  })
})

/** The deliverable of a draft that was just stored, without reading it back. */
const newDeliverable = (draft: NewDraft): Deliverable =>
  Deliverable.make({
    deliverable_id: draft.deliverable_id,
    hired_instance_id: draft.hired_instance_id,
    goal_instance_id: draft.goal_instance_id,
    goal_template_id: draft.goal_template_id,
    title: draft.title,
    payload: draft.payload,
    review_status: "pending_review",
    review_notes: null,
    approval_id: null,
    execution_status: "not_executed",
    executed_at: null,
    created_at: draft.created_at,
    updated_at: draft.created_at,
  }, { disableChecks: true })
