/** The rules of goals: valid under their hire's definition, written under an active subscription, run on request. */
import type { Action } from "@stint/domain/ActionLog"
import { CurrentCaller, customerOf } from "@stint/domain/Caller"
import { GoalDisabled, type GoalDraft, GoalNotFound, HireNotRunnable } from "@stint/domain/hiring/Goals"
import type { HireDeactivated, HireGone, HireNotFound } from "@stint/domain/hiring/Hires"
import { GoalInstanceId, type HiredInstanceId } from "@stint/domain/Ids"
import {
  type InvalidRequest,
  type PreconditionFailed,
  type QuotaExceeded,
  type RateLimited,
  Unavailable,
} from "@stint/domain/Problem"
import { Instant } from "@stint/domain/Protocol"
import type { SubscriptionNotActive } from "@stint/domain/hiring/Subscriptions"
import { operatorsLines } from "@stint/edge/ActionLog"
import { Ids } from "@stint/edge/Ids"
import { Rates } from "@stint/edge/RateLimit"
import { cursorId, decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { Conditions, met } from "@stint/edge/Preconditions"
import { Context, DateTime, Effect, Layer, Option, Result, Schema } from "effect"
import { Catalog, Scheduler } from "./Clients.ts"
import { Engagements, retryMoved } from "./Engagements.ts"
import { DefinitionMoved, invalid, notDeactivated, notRunnable, writable } from "./Engagements/Policy.ts"
import { EngagementsRepo } from "./Engagements/Repo.ts"
import type { Engagement, GoalRow } from "./Engagements/Row.ts"
import { goalIssues, runSlot, written } from "./Goals/Policy.ts"
import { goalTag } from "./Goals/Wire.ts"
import { OutboxRepo } from "./Outbox/Repo.ts"
import { quotas } from "./Quotas.ts"

/** A run that was asked for, and whether the scheduler runs now. */
export interface Queued {
  readonly goal_instance_id: GoalInstanceId
  readonly scheduled_time: DateTime.Utc
  readonly scheduler: "running" | "paused" | "unknown"
}

type Unseen = HireNotFound | HireGone

/** What can be done with the goals of a hire. Another customer's hire is not found, nor is a goal of another hire. */
export class Goals extends Context.Service<Goals, {
  /** A hire's, oldest first. */
  list(id: HiredInstanceId, page: PageQuery): Effect.Effect<Page<GoalRow>, Unseen | InvalidRequest, CurrentCaller>
  get(id: HiredInstanceId, goal: GoalInstanceId): Effect.Effect<GoalRow, Unseen | GoalNotFound, CurrentCaller>
  /** Adds a goal, or changes the one that is named. InvalidRequest names every fault at once. */
  put(id: HiredInstanceId, input: GoalDraft): Effect.Effect<
    { readonly goal: GoalRow; readonly made: boolean },
    | Unseen
    | HireDeactivated
    | GoalNotFound
    | SubscriptionNotActive
    | QuotaExceeded
    | PreconditionFailed
    | InvalidRequest
    | Unavailable,
    CurrentCaller
  >
  remove(
    id: HiredInstanceId,
    goal: GoalInstanceId,
  ): Effect.Effect<GoalRow, Unseen | GoalNotFound | SubscriptionNotActive | PreconditionFailed, CurrentCaller>
  /** Asks for a run in the slot of this instant, or of the next free millisecond. The outbox carries it, so it is not lost. */
  run(
    id: HiredInstanceId,
    goal: GoalInstanceId,
  ): Effect.Effect<Queued, Unseen | GoalNotFound | GoalDisabled | HireNotRunnable | RateLimited, CurrentCaller>
}>()("hiring/Goals") {
  static readonly layer = Layer.effect(
    Goals,
    Effect.gen(function* () {
      const repo = yield* EngagementsRepo
      const engagements = yield* Engagements
      const placeOf = decodeCursor(Schema.Struct({ created_at: Instant, goal_instance_id: cursorId("GOI") }))
      const put = yield* putting
      const run = yield* running

      const list = Effect.fn("Goals.list")(function* (id: HiredInstanceId, page: PageQuery) {
        yield* engagements.hire({ hired_instance_id: id })
        const after = yield* placeOf(page.cursor)
        const limit = page.limit ?? DEFAULT_LIMIT
        const rows = yield* repo.goals.list(id, { after, limit: limit + 1 })
        return yield* pageOf(rows, limit, ({ created_at, goal_instance_id }) => ({ created_at, goal_instance_id }))
      })

      const remove = Effect.fn("Goals.remove")(function* (id: HiredInstanceId, goal: GoalInstanceId) {
        const conditions = yield* Conditions
        const { decision } = yield* engagements.amendHire(id, { goal }, (engagement) =>
          Result.gen(function* () {
            const removed = yield* wantedGoal(engagement, goal)
            yield* writable(engagement.subscription)
            yield* met(conditions, goalTag(removed))
            return { removed }
          }))
        return decision.removed
      })

      return Goals.of({ list, get: yield* getting, put, remove, run })
    }),
  )
}

/** The goal that the engagement was locked for. */
const wantedGoal = ({ goals }: Engagement, goal: GoalInstanceId): Result.Result<GoalRow, GoalNotFound> =>
  Result.fromOption(Option.fromUndefinedOr(goals[0]), () => new GoalNotFound({ detail: goal }))

const getting = Effect.gen(function* () {
  const repo = yield* EngagementsRepo
  const engagements = yield* Engagements
  return Effect.fn("Goals.get")(function* (id: HiredInstanceId, goal: GoalInstanceId) {
    yield* engagements.hire({ hired_instance_id: id })
    const found = yield* repo.goals.find(goal)
    if (Option.isNone(found) || found.value.hired_instance_id !== id) return yield* new GoalNotFound({ detail: goal })
    return found.value
  })
})

const putting = Effect.gen(function* () {
  const engagements = yield* Engagements
  const catalog = yield* Catalog
  const ids = yield* Ids
  const { forGoal } = yield* quotas
  const get = yield* getting

  // The definition is fetched between two reads: no lock is held while the catalog answers
  const tryPut = Effect.fnUntraced(function* (id: HiredInstanceId, input: GoalDraft, newId: GoalInstanceId) {
    const { hire, subscription } = yield* engagements.hire({ hired_instance_id: id })
    yield* Effect.fromResult(notDeactivated(hire))
    yield* Effect.fromResult(writable(subscription))
    if (input.goal_instance_id !== undefined) yield* get(id, input.goal_instance_id)
    const definition = yield* catalog.version(hire.agent_id, hire.definition_version).pipe(
      Effect.catchTag(
        "AgentTypeUnknown",
        ({ detail }) => new Unavailable({ detail: `${detail}, and the hire is pinned to it` }),
      ),
    )
    const conditions = yield* Conditions
    const issues = goalIssues(definition, input)
    if (issues.length > 0) return yield* invalid(issues)
    const goalId = input.goal_instance_id ?? newId
    const { before, decision } = yield* engagements.amendHire(
      id,
      { goal: goalId },
      (engagement, locked, now) =>
        Result.gen(function* () {
          yield* notDeactivated(locked)
          yield* writable(engagement.subscription)
          if (locked.definition_version !== definition.version) yield* Result.fail(new DefinitionMoved())
          const [stored] = engagement.goals
          if (input.goal_instance_id !== undefined) yield* wantedGoal(engagement, goalId)
          // A first try under the same Idempotency-Key may have stored it and not answered
          else if (stored !== undefined) return { goals: [] }
          else yield* forGoal(engagement.counts)
          yield* met(conditions, stored && goalTag(stored))
          return { goals: [written(locked, stored, input, definition, goalId, now)] }
        }),
      input.goal_instance_id === undefined,
    )
    return { goal: decision.goals[0] ?? before.goals[0]!, made: input.goal_instance_id === undefined }
  })

  return Effect.fn("Goals.put")(function* (id: HiredInstanceId, input: GoalDraft) {
    const newId = GoalInstanceId.make(yield* ids.next("GOI"))
    return yield* retryMoved(tryPut(id, input, newId))
  })
})

const running = Effect.gen(function* () {
  const engagements = yield* Engagements
  const outbox = yield* OutboxRepo
  const scheduler = yield* Scheduler
  const ids = yield* Ids
  const rates = yield* Rates
  const { runsByHand } = yield* quotas
  const operatorsLine = yield* operatorsLines<Action>()

  return Effect.fn("Goals.run")(function* (id: HiredInstanceId, goal: GoalInstanceId) {
    const caller = yield* CurrentCaller
    const request_id = yield* ids.next("REQ")
    // A first try under the same Idempotency-Key may have queued it and not answered: it keeps its slot
    const queued = yield* outbox.slotOf(request_id)
    if (Option.isSome(queued)) {
      const { hire } = yield* engagements.hire({ hired_instance_id: id })
      return { goal_instance_id: goal, scheduled_time: queued.value, scheduler: yield* scheduler.status(hire) }
    }
    if (caller.role === "customer") yield* rates.once(`runs:${customerOf(caller)}`, runsByHand)
    const instant = DateTime.makeUnsafe(yield* ids.instant)
    const line = yield* operatorsLine("goal_run", { hired_instance_id: id })
    const { after, decision: { run } } = yield* engagements.amendHire(
      id,
      { goal },
      (engagement, hire) =>
        Result.gen(function* () {
          const wanted = yield* wantedGoal(engagement, goal)
          const reason = notRunnable(engagement.subscription, hire)
          if (reason !== null) yield* Result.fail(new HireNotRunnable({ detail: reason }))
          if (!wanted.enabled) {
            yield* Result.fail(new GoalDisabled({ detail: "Put the goal with enabled: true first, then run it" }))
          }
          const run = {
            type: "run" as const,
            request_id,
            goal_instance_id: goal,
            hired_instance_id: id,
            scheduled_time: runSlot(wanted, request_id, instant),
            requested_by: caller.subject,
          }
          if (line === undefined) return { run }
          const action_metadata = {
            ...line.action_metadata,
            customer_id: hire.customer_id,
            scheduled_time: DateTime.formatIso(run.scheduled_time),
          }
          return { run, line: { ...line, goal_instance_id: goal, action_metadata } }
        }),
    )
    // After the commit: no lock is held while the scheduler answers
    return {
      goal_instance_id: goal,
      scheduled_time: run.scheduled_time,
      scheduler: yield* scheduler.status(after.hire!),
    }
  })
})
