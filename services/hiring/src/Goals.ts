/** The rules of goals: valid under their hire's definition, written under an active subscription, run now on request. */
import { CurrentCaller } from "@stint/domain/Caller"
import { GoalDisabled, type GoalDraft, GoalNotFound, HireNotRunnable } from "@stint/domain/hiring/Goals"
import { type HireDeactivated, type HireGone, HireNotFound } from "@stint/domain/hiring/Hires"
import { GoalInstanceId, type HiredInstanceId } from "@stint/domain/Ids"
import { type InvalidRequest, Unavailable } from "@stint/domain/Problem"
import { Instant } from "@stint/domain/Protocol"
import type { SubscriptionNotActive } from "@stint/domain/hiring/Subscriptions"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, pageOf } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Option, Result, Schema } from "effect"
import { Catalog, Scheduler } from "./Clients.ts"
import { type Decision, notRunnable, settle } from "./Engagements/Policy.ts"
import { EngagementsRepo } from "./Engagements/Repo.ts"
import type { Engagement, GoalRow, HireRow } from "./Engagements/Rows.ts"
import { goalIssues, runSlot, written } from "./Goals/Policy.ts"
import { refuse, shown } from "./Hires.ts"
import { DefinitionMoved, notDeactivated, writable } from "./Hires/Policy.ts"
import { sees } from "./Owner.ts"
import type { PageOf, PageQuery } from "./Subscriptions.ts"

/** A run that was asked for. */
export interface Queued {
  readonly goal_instance_id: GoalInstanceId
  readonly scheduled_time: DateTime.Utc
  readonly scheduler: "running" | "paused" | "unknown"
}

type Unseen = HireNotFound | HireGone

/** What can be done with the goals of a hire. Another customer's hire is not found, nor is another hire's goal. */
export class Goals extends Context.Service<Goals, {
  /** A hire's, oldest first. */
  list(
    id: HiredInstanceId,
    page: PageQuery,
  ): Effect.Effect<PageOf<GoalRow>, Unseen | InvalidRequest, CurrentCaller>
  get(id: HiredInstanceId, goal: GoalInstanceId): Effect.Effect<GoalRow, Unseen | GoalNotFound, CurrentCaller>
  /** Makes a goal, or edits the one that is named; InvalidRequest names every fault of it at once. */
  put(id: HiredInstanceId, input: GoalDraft): Effect.Effect<
    { readonly goal: GoalRow; readonly made: boolean },
    Unseen | HireDeactivated | GoalNotFound | SubscriptionNotActive | InvalidRequest | Unavailable,
    CurrentCaller
  >
  remove(
    id: HiredInstanceId,
    goal: GoalInstanceId,
  ): Effect.Effect<GoalRow, Unseen | GoalNotFound | SubscriptionNotActive, CurrentCaller>
  /** Queues a run for this instant, or the next free millisecond; it rides the outbox, so it is never lost. */
  run(
    id: HiredInstanceId,
    goal: GoalInstanceId,
  ): Effect.Effect<Queued, Unseen | GoalNotFound | GoalDisabled | HireNotRunnable, CurrentCaller>
}>()("hiring/Goals") {
  static readonly layerNoDeps = Layer.effect(
    Goals,
    Effect.gen(function* () {
      const repo = yield* EngagementsRepo
      const catalog = yield* Catalog
      const scheduler = yield* Scheduler
      const ids = yield* Ids
      const placeOf = decodeCursor(Schema.Struct({ created_at: Instant, goal_instance_id: Schema.String }))

      const hireOf = Effect.fnUntraced(function* (id: HiredInstanceId) {
        const hired = Option.getOrUndefined(yield* repo.hire({ hired_instance_id: id }))
        if (hired === undefined) return yield* new HireNotFound({ detail: id })
        yield* Effect.fromResult(shown(yield* sees, hired, yield* DateTime.now, id))
        return hired
      })

      /** Decides under the engagement's lock; what comes back is what `decide` answered beside its decision. */
      const amend = Effect.fnUntraced(function* <A, E>(
        id: HiredInstanceId,
        goal: GoalInstanceId,
        decide: (
          engagement: Engagement,
          hire: HireRow,
          now: DateTime.Utc,
        ) => Result.Result<{ readonly decision: Decision; readonly answer: A }, E>,
      ) {
        const isSeen = yield* sees
        const now = yield* DateTime.now
        let answer: Option.Option<A> = Option.none()
        yield* repo.amend({ hired_instance_id: id }, { goal }, (engagement) =>
          Result.gen(function* () {
            const hire = yield* shown(isSeen, engagement, now, id)
            const decided = yield* decide(engagement, hire, now)
            answer = Option.some(decided.answer)
            return settle(engagement, decided.decision, now)
          }))
        return yield* Effect.mapError(Effect.fromOption(answer), () => new HireNotFound({ detail: id }))
      })

      const theGoal = ({ goals }: Engagement, goal: GoalInstanceId): Result.Result<GoalRow, GoalNotFound> =>
        Result.fromOption(Option.fromUndefinedOr(goals[0]), () => new GoalNotFound({ detail: goal }))

      const get = Effect.fn("Goals.get")(function* (id: HiredInstanceId, goal: GoalInstanceId) {
        yield* hireOf(id)
        const [found] = yield* repo.goalsOf([goal])
        if (found?.hired_instance_id !== id) return yield* new GoalNotFound({ detail: goal })
        return found
      })

      const list = Effect.fn("Goals.list")(function* (id: HiredInstanceId, page: PageQuery) {
        yield* hireOf(id)
        const after = yield* placeOf(page.cursor)
        const limit = page.limit ?? DEFAULT_LIMIT
        const rows = yield* repo.goals(id, { after, limit: limit + 1 })
        return pageOf(rows, limit, ({ created_at, goal_instance_id }) => ({ created_at, goal_instance_id }))
      })

      const tryPut = Effect.fnUntraced(function* (id: HiredInstanceId, input: GoalDraft, newId: GoalInstanceId) {
        const { hire, subscription } = yield* hireOf(id)
        yield* Effect.fromResult(notDeactivated(hire))
        yield* Effect.fromResult(writable(subscription))
        if (input.goal_instance_id !== undefined) yield* get(id, input.goal_instance_id)
        const definition = yield* catalog.version(hire.agent_id, hire.definition_version).pipe(
          Effect.catchTag(
            "AgentTypeUnknown",
            ({ detail }) => new Unavailable({ detail: `${detail}, which the hire is pinned to` }),
          ),
        )
        const issues = goalIssues(definition, input)
        if (issues.length > 0) return yield* refuse(issues)
        const goalId = input.goal_instance_id ?? newId
        return yield* amend(id, goalId, (engagement, locked, now) =>
          Result.gen(function* () {
            yield* notDeactivated(locked)
            yield* writable(engagement.subscription)
            if (locked.definition_version !== definition.version) yield* Result.fail(new DefinitionMoved())
            const [before] = engagement.goals
            if (input.goal_instance_id === undefined) {
              // What a first try under the same Idempotency-Key made is found, not made twice
              if (before !== undefined) return { decision: {}, answer: { goal: before, made: true } }
            } else {
              yield* theGoal(engagement, goalId)
            }
            const goal = written(locked, before, input, definition, goalId, now)
            return { decision: { goals: [goal] }, answer: { goal, made: before === undefined } }
          }))
      })

      const put = Effect.fn("Goals.put")(function* (id: HiredInstanceId, input: GoalDraft) {
        const newId = GoalInstanceId.make(yield* ids.next("GOI"))
        return yield* tryPut(id, input, newId).pipe(
          Effect.retry({ times: 3, while: (error) => error._tag === "DefinitionMoved" }),
          Effect.catchTag(
            "DefinitionMoved",
            () => new Unavailable({ detail: "The hire is being moved to another definition; try again" }),
          ),
        )
      })

      const remove = Effect.fn("Goals.remove")((id: HiredInstanceId, goal: GoalInstanceId) =>
        amend(id, goal, (engagement) =>
          Result.gen(function* () {
            const removed = yield* theGoal(engagement, goal)
            yield* writable(engagement.subscription)
            return { decision: { removed }, answer: removed }
          }))
      )

      const run = Effect.fn("Goals.run")(function* (id: HiredInstanceId, goal: GoalInstanceId) {
        const caller = yield* CurrentCaller
        const request_id = yield* ids.next("REQ")
        // Handled again after a crash, with other runs of the goal since: what was queued then is what it has
        const queued = Option.getOrUndefined(yield* repo.slotOf(request_id))
        if (queued !== undefined) {
          const { hire } = yield* hireOf(id)
          return { goal_instance_id: goal, scheduled_time: queued, scheduler: yield* scheduler.status(hire) }
        }
        const instant = DateTime.makeUnsafe(yield* ids.instant)
        const { hire, scheduled_time } = yield* amend(id, goal, (engagement, locked) =>
          Result.gen(function* () {
            const wanted = yield* theGoal(engagement, goal)
            const reason = notRunnable(engagement.subscription, locked)
            if (reason !== null) yield* Result.fail(new HireNotRunnable({ detail: reason }))
            if (!wanted.enabled) {
              yield* Result.fail(new GoalDisabled({ detail: "Put it with enabled: true, then run it" }))
            }
            const scheduled_time = runSlot(wanted, request_id, instant)
            const request = {
              type: "run" as const,
              request_id,
              goal_instance_id: goal,
              hired_instance_id: id,
              scheduled_time,
              requested_by: caller.subject,
            }
            return { decision: { run: request }, answer: { hire: locked, scheduled_time } }
          }))
        // Asked after the commit: no lock is held while another service answers
        return { goal_instance_id: goal, scheduled_time, scheduler: yield* scheduler.status(hire) }
      })

      return Goals.of({
        list,
        get,
        put,
        remove,
        run,
      })
    }),
  )
}
