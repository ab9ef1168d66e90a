/** The rules of making drafts: one for each run, however often and by however many it is asked for (design.md). */
import {
  type BatchItem,
  Deliverable,
  DraftImpossible,
  type DraftKeyMismatch,
  type DraftRequest,
  type RunGoalNotFound,
  type RunNotRunnable,
} from "@stint/domain/deliverables/Deliverables"
import { definitionId } from "@stint/domain/Definition"
import { DeliverableId } from "@stint/domain/Ids"
import type { Unavailable } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { Context, DateTime, Effect, Layer, Option, Result } from "effect"
import { Hiring } from "./Clients.ts"
import { Definitions } from "./Definitions.ts"
import { toDeliverable } from "./Deliverables/Row.ts"
import { draftOf, mismatch, type Runnable, runnable, sameRun } from "./Drafts/Policy.ts"
import { DraftsRepo, type NewDraft } from "./Drafts/Repo.ts"

/** Why a run gets no draft. */
export type DraftProblem = RunGoalNotFound | RunNotRunnable | DraftImpossible | DraftKeyMismatch | Unavailable

/** What became of one run of a batch. */
export type DraftOutcome = Result.Result<Deliverable, DraftProblem>

/** Makes drafts. */
export class Drafts extends Context.Service<Drafts, {
  /** The draft of one run; the stored one when the key is known. */
  create(key: string, request: DraftRequest): Effect.Effect<Deliverable, DraftProblem>
  /**
   * The drafts of a batch, an outcome for each item in its order. Hiring is asked once for all of them; when it does not
   * answer, the whole call fails (Unavailable) and nothing is stored. What is wrong with one item is its own outcome.
   */
  createBatch(items: ReadonlyArray<BatchItem>): Effect.Effect<ReadonlyArray<DraftOutcome>, Unavailable>
}>()("deliverables/Drafts") {
  static readonly layerNoDeps = Layer.effect(
    Drafts,
    Effect.gen(function* () {
      const repo = yield* DraftsRepo
      const hiring = yield* Hiring
      const definitions = yield* Definitions
      const ids = yield* Ids

      /** The goal and hire of each run, or why it may have no draft. */
      const lookUp = Effect.fnUntraced(function* (items: ReadonlyArray<BatchItem>) {
        const goal_instance_ids = [...new Set(items.map((item) => item.goal_instance_id))]
        const found = yield* hiring.lookup({ goal_instance_ids })
        const goals = new Map(found.goals.map((goal) => [goal.goal_instance_id, goal]))
        const hires = new Map(found.hires.map((hire) => [hire.hired_instance_id, hire]))
        return items.map((item) => {
          const goal = goals.get(item.goal_instance_id)
          return runnable(item, goal, goal && hires.get(goal.hired_instance_id))
        })
      })

      const definitionOf = ({ hire }: Runnable) =>
        Effect.flatMap(
          definitions.get(hire.agent_id, hire.definition_version),
          (definition) =>
            Option.isSome(definition) ? Effect.succeed(definition.value) : Effect.fail(
              new DraftImpossible({
                detail: `${
                  definitionId({ agent_type_id: hire.agent_id, version: hire.definition_version })
                } is not in the catalog`,
              }),
            ),
        )

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

      /** What is stored under the keys of these runs. */
      const stored = Effect.fnUntraced(function* (items: ReadonlyArray<BatchItem>) {
        const rows = items.length === 0 ? [] : yield* repo.byKeys(items.map((item) => item.idempotency_key))
        return new Map(rows.map((row) => [row.idempotency_key, row]))
      })

      /** Makes and stores the drafts of runs that have none: the outcome of each that it could tell. */
      const makeAll = Effect.fnUntraced(function* (items: ReadonlyArray<BatchItem>) {
        const outcomes = new Map<string, DraftOutcome>()
        if (items.length === 0) return outcomes
        const runs = yield* lookUp(items)
        const now = yield* DateTime.now
        const drafts: Array<NewDraft> = []
        for (const [i, item] of items.entries()) {
          const made = yield* Effect.result(makeOne(item, runs[i]!, now))
          if (Result.isSuccess(made)) drafts.push(made.success)
          else outcomes.set(item.idempotency_key, Result.fail(made.failure))
        }
        const inserted = drafts.length === 0 ? new Set<string>() : yield* repo.insert(drafts)
        for (const draft of drafts) {
          if (inserted.has(draft.idempotency_key)) outcomes.set(draft.idempotency_key, Result.succeed(shown(draft)))
        }
        return outcomes
      })

      const createBatch = Effect.fn("Drafts.createBatch")(function* (items: ReadonlyArray<BatchItem>) {
        const first = new Map<string, BatchItem>()
        for (const item of items) if (!first.has(item.idempotency_key)) first.set(item.idempotency_key, item)
        const asked = [...first.values()]
        const known = yield* stored(asked)
        const made = yield* makeAll(asked.filter((item) => !known.has(item.idempotency_key)))
        // what another call stored between the two is there now
        const lost = asked.filter(({ idempotency_key: key }) => !known.has(key) && !made.has(key))
        for (const [key, row] of yield* stored(lost)) known.set(key, row)
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

/** A draft as it was just stored. */
const shown = (draft: NewDraft): Deliverable =>
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
