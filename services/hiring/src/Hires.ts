/** The rules of hired agents: drafted under an active subscription, finalized once configured, deactivated for good. */
import type { CurrentCaller } from "@stint/domain/Caller"
import { hireSettingsIssues } from "@stint/domain/Definition/HireSettings"
import {
  type GoalsDoNotHold,
  type HireDeactivated,
  type HireDraft,
  HireGone,
  type HireNotConfigured,
  HireNotFound,
  type SubscriptionForOther,
} from "@stint/domain/hiring/Hires"
import { type CustomerId, HiredInstanceId } from "@stint/domain/Ids"
import { type CustomerNotFound, type FieldIssue, InvalidRequest, Unavailable } from "@stint/domain/Problem"
import { secretIssues } from "@stint/domain/Secrets"
import {
  type AgentTypeUnknown,
  type SubscriptionNotActive,
  SubscriptionNotFound,
} from "@stint/domain/hiring/Subscriptions"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, pageOf } from "@stint/edge/Paging"
import { Config, Context, DateTime, Effect, Layer, Option, Result, Schema } from "effect"
import { Catalog } from "./Clients.ts"
import { type Decision, isGone, RETENTION_DAYS, settle } from "./Engagements/Policy.ts"
import { EngagementsRepo, type Target } from "./Engagements/Repo.ts"
import type { Engagement, Hired, HireRow, SubscriptionState } from "./Engagements/Rows.ts"
import { deactivate, draft, draftable, finalize } from "./Hires/Policy.ts"
import { own, sees } from "./Owner.ts"
import type { PageOf, PageQuery } from "./Subscriptions.ts"

/** Every fault of a request as one answer. */
export const refuse = (errors: ReadonlyArray<FieldIssue>): InvalidRequest =>
  new InvalidRequest({ detail: `${errors.length} ${errors.length === 1 ? "fault" : "faults"}: see errors`, errors })

/** Whether a caller gets to see a hire: not another customer's, and not past its retention. */
export const shown = (
  isSeen: (customer_id: string) => boolean,
  { hire, subscription }: { readonly hire: HireRow | undefined; readonly subscription: SubscriptionState },
  now: DateTime.Utc,
  asked: string,
): Result.Result<HireRow, HireNotFound | HireGone> => {
  if (hire === undefined || !isSeen(hire.customer_id)) return Result.fail(new HireNotFound({ detail: asked }))
  return isGone(subscription, now)
    ? Result.fail(new HireGone({ detail: `Its subscription ended more than ${RETENTION_DAYS} days ago` }))
    : Result.succeed(hire)
}

type DraftFailure =
  | SubscriptionNotFound
  | SubscriptionNotActive
  | SubscriptionForOther
  | AgentTypeUnknown
  | HireDeactivated
  | HireNotConfigured
  | GoalsDoNotHold
  | InvalidRequest
  | Unavailable

/** What can be done with hired agents. Another customer's is not found; one past its retention is gone. */
export class Hires extends Context.Service<Hires, {
  /** Makes the subscription's hire, or changes it: `made` says which. */
  draft(input: HireDraft): Effect.Effect<Hired & { readonly made: boolean }, DraftFailure, CurrentCaller>
  get(target: Target): Effect.Effect<Hired, HireNotFound | HireGone, CurrentCaller>
  /** A customer's, oldest first, without those that are gone. */
  list(
    customer_id: CustomerId,
    page: PageQuery,
  ): Effect.Effect<PageOf<Hired>, CustomerNotFound | InvalidRequest, CurrentCaller>
  /** From now on the hire stays configured, and can run. */
  finalize(
    id: HiredInstanceId,
  ): Effect.Effect<
    Hired,
    HireNotFound | HireGone | HireDeactivated | HireNotConfigured | SubscriptionNotActive,
    CurrentCaller
  >
  /** Ends it for good. */
  deactivate(id: HiredInstanceId): Effect.Effect<Hired, HireNotFound | HireGone, CurrentCaller>
}>()("hiring/Hires") {
  static readonly layerNoDeps = Layer.effect(
    Hires,
    Effect.gen(function* () {
      const repo = yield* EngagementsRepo
      const catalog = yield* Catalog
      const ids = yield* Ids
      const cursorOf = decodeCursor(Schema.String)
      const webhookHosts = (yield* Config.String("STINT_WEBHOOK_HOSTS").pipe(Config.withDefault("")))
        .split(",").map((host) => host.trim()).filter((host) => host !== "")

      const definitionFor = (input: HireDraft, hire: HireRow | undefined) => {
        const version = input.definition_version ?? hire?.definition_version
        return version === undefined ? catalog.latest(input.agent_id) : catalog.version(input.agent_id, version)
      }

      const tryDraft = Effect.fnUntraced(function* (input: HireDraft, id: HiredInstanceId) {
        const isSeen = yield* sees
        const now = yield* DateTime.now
        const { subscription_id } = input
        const notFound = new SubscriptionNotFound({ detail: subscription_id })
        const [subscription, hired] = yield* Effect.all([
          repo.subscription(subscription_id),
          repo.hire({ subscription_id }),
        ], { concurrency: "unbounded" })
        if (Option.isNone(subscription) || !isSeen(subscription.value.customer_id)) return yield* notFound
        const before = Option.getOrUndefined(hired)?.hire
        yield* Effect.fromResult(draftable({ hire: before, subscription: subscription.value }, input.agent_id))
        const definition = yield* definitionFor(input, before)
        const goals = input.definition_version === undefined ? "none" : "all"
        const changed = yield* repo.amend(
          { subscription_id },
          goals,
          (engagement) =>
            Result.map(
              draft(engagement, input, definition, id, now),
              (decision) => settle(engagement, decision, now),
            ),
        )
        if (Option.isNone(changed)) return yield* notFound
        const { hire, subscription: under } = changed.value
        return { hire: hire!, subscription: under, made: hire!.hired_instance_id === id }
      })

      const draftHire = Effect.fn("Hires.draft")(function* (input: HireDraft) {
        const issues = [
          ...secretIssues(input.config ?? {}, "$.config"),
          ...secretIssues(input.settings ?? {}, "$.settings"),
          ...hireSettingsIssues(input.settings ?? {}, webhookHosts, "$.settings"),
        ]
        if (issues.length > 0) return yield* refuse(issues)
        const id = HiredInstanceId.make(yield* ids.next("HAI"))
        return yield* tryDraft(input, id).pipe(
          Effect.retry({ times: 3, while: (error) => error._tag === "DefinitionMoved" }),
          Effect.catchTag(
            "DefinitionMoved",
            () => new Unavailable({ detail: "The hire is being moved to another definition; try again" }),
          ),
        )
      })

      const get = Effect.fn("Hires.get")(function* (target: Target) {
        const asked = Object.values(target)[0]!
        const found = Option.getOrUndefined(yield* repo.hire(target))
        if (found === undefined) return yield* new HireNotFound({ detail: asked })
        yield* Effect.fromResult(shown(yield* sees, found, yield* DateTime.now, asked))
        return found
      })

      const list = Effect.fn("Hires.list")(function* (customer_id: CustomerId, page: PageQuery) {
        yield* own(customer_id)
        const after = yield* cursorOf(page.cursor)
        const limit = page.limit ?? DEFAULT_LIMIT
        const endedBy = DateTime.subtract(yield* DateTime.now, { days: RETENTION_DAYS })
        const rows = yield* repo.hires(customer_id, endedBy, { after, limit: limit + 1 })
        return pageOf(rows, limit, ({ hire }) => hire.hired_instance_id)
      })

      const move = Effect.fnUntraced(function* <E>(
        id: HiredInstanceId,
        to: (engagement: Engagement, hire: HireRow, now: DateTime.Utc) => Result.Result<Decision, E>,
      ) {
        const isSeen = yield* sees
        const now = yield* DateTime.now
        const changed = yield* repo.amend({ hired_instance_id: id }, "none", (engagement) =>
          Result.gen(function* () {
            const hire = yield* shown(isSeen, engagement, now, id)
            return settle(engagement, yield* to(engagement, hire, now), now)
          }))
        if (Option.isNone(changed)) return yield* new HireNotFound({ detail: id })
        return { hire: changed.value.hire!, subscription: changed.value.subscription }
      })

      return Hires.of({
        draft: draftHire,
        get,
        list,
        finalize: Effect.fn("Hires.finalize")((id: HiredInstanceId) => move(id, finalize)),
        deactivate: Effect.fn("Hires.deactivate")((id: HiredInstanceId) =>
          move(id, (_, hire, now) => Result.succeed(deactivate(hire, now)))
        ),
      })
    }),
  )
}
