/** The rules of hired agents: drafted under an active subscription, finalized once configured, deactivated for good. */
import { Bounds } from "@stint/domain/Bounds"
import { canSee, CurrentCaller, customerOf, visibleCustomer } from "@stint/domain/Caller"
import { RETENTION } from "@stint/domain/Retention"
import { secretRefOf } from "@stint/domain/Definition/HireSettings"
import { hireSettingsIssues } from "@stint/domain/Definition/HireSettingsFaults"
import type {
  GoalsDoNotHold,
  HireDeactivated,
  HireDraft,
  HireGone,
  HireNotConfigured,
  HireNotFound,
  SubscriptionForOther,
} from "@stint/domain/hiring/Hires"
import { type CustomerId, HiredInstanceId } from "@stint/domain/Ids"
import {
  CustomerNotFound,
  type InvalidRequest,
  type PreconditionFailed,
  type QuotaExceeded,
  Unavailable,
} from "@stint/domain/Problem"
import type { JsonObject } from "@stint/domain/Protocol"
import { secretIssues } from "@stint/domain/Secrets"
import {
  type AgentTypeUnknown,
  type SubscriptionNotActive,
  SubscriptionNotFound,
} from "@stint/domain/hiring/Subscriptions"
import { Ids } from "@stint/edge/Ids"
import { cursorId, decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { hostList } from "@stint/edge/Places"
import { Conditions, whenMet } from "@stint/edge/Preconditions"
import { makeSecrets } from "@stint/edge/Secrets"
import { Context, DateTime, Effect, Layer, Option, Result } from "effect"
import { Catalog } from "./Clients.ts"
import { Engagements, retryMoved } from "./Engagements.ts"
import type { Decision } from "./Engagements/Amendment.ts"
import { invalid } from "./Engagements/Policy.ts"
import { EngagementsRepo, type Target } from "./Engagements/Repo.ts"
import type { Engagement, Hired, HireRow } from "./Engagements/Row.ts"
import { deactivate, draft, draftable, finalize } from "./Hires/Policy.ts"
import { hireTag } from "./Hires/Wire.ts"
import { quotas } from "./Quotas.ts"

type DraftFailure =
  | SubscriptionNotFound
  | SubscriptionNotActive
  | SubscriptionForOther
  | AgentTypeUnknown
  | HireDeactivated
  | HireNotConfigured
  | GoalsDoNotHold
  | QuotaExceeded
  | PreconditionFailed
  | InvalidRequest
  | Unavailable

/** What can be done with hired agents. Another customer's is not found; one past its retention is gone. */
export class Hires extends Context.Service<Hires, {
  /** Adds the subscription's hire, or changes it; `made` says whether it is new. */
  draft(input: HireDraft): Effect.Effect<Hired & { readonly made: boolean }, DraftFailure, CurrentCaller>
  get(target: Target): Effect.Effect<Hired, HireNotFound | HireGone, CurrentCaller>
  /** A customer's, oldest first, without those that are gone. */
  list(
    customer_id: CustomerId,
    page: PageQuery,
  ): Effect.Effect<Page<Hired>, CustomerNotFound | InvalidRequest, CurrentCaller>
  /** The hire can run from now on, and has to stay configured. Finalizing again changes nothing. */
  finalize(
    id: HiredInstanceId,
  ): Effect.Effect<
    Hired,
    HireNotFound | HireGone | HireDeactivated | HireNotConfigured | SubscriptionNotActive | PreconditionFailed,
    CurrentCaller
  >
  /** Ends the hire for good. Deactivating again changes nothing. */
  deactivate(
    id: HiredInstanceId,
  ): Effect.Effect<Hired, HireNotFound | HireGone | PreconditionFailed, CurrentCaller>
}>()("hiring/Hires") {
  static readonly layer = Layer.effect(
    Hires,
    Effect.gen(function* () {
      const repo = yield* EngagementsRepo
      const engagements = yield* Engagements
      const cursorOf = decodeCursor(cursorId("HAI"))
      const draft = yield* drafting
      const bounds = yield* Bounds

      const list = Effect.fn("Hires.list")(function* (asked: CustomerId, page: PageQuery) {
        const customer_id = yield* visibleCustomer(asked, () => new CustomerNotFound({ detail: asked }))
        const after = yield* cursorOf(page.cursor)
        const limit = page.limit ?? DEFAULT_LIMIT
        const endedBy = DateTime.subtract(yield* DateTime.now, { days: RETENTION.endedHires })
        const rows = yield* repo.hires.list(customer_id, endedBy, { after, limit: limit + 1 })
        return yield* pageOf(rows, limit, (key) => key.hired_instance_id)
      })

      const move = <E>(
        id: HiredInstanceId,
        to: (engagement: Engagement, hire: HireRow, now: DateTime.Utc) => Result.Result<Decision, E>,
      ) =>
        Effect.flatMap(Conditions, (conditions) =>
          Effect.map(
            engagements.amendHire(
              id,
              "none",
              (engagement, hire, now) => whenMet(conditions, hireTag(hire), to(engagement, hire, now)),
            ),
            ({ after }) => hiredOf(after),
          ))

      return Hires.of({
        draft,
        get: Effect.fn("Hires.get")((target: Target) => engagements.hire(target)),
        list,
        finalize: Effect.fn("Hires.finalize")((id: HiredInstanceId) =>
          move(id, (engagement, hire, now) => finalize(engagement, hire, now, bounds))
        ),
        deactivate: Effect.fn("Hires.deactivate")((id: HiredInstanceId) =>
          move(id, (_, hire, now) => Result.succeed(deactivate(hire, now)))
        ),
      })
    }),
  )
}

/** The hire of an engagement whose write stored one. */
const hiredOf = ({ hire, subscription }: Engagement): Hired => ({ hire: hire!, subscription })

/** Judges a hire's settings: the hosts and the secrets that the caller's hires may use. Unavailable: the secrets can't be read. */
const judgingSettings = Effect.gen(function* () {
  const hosts = yield* hostList("STINT_WEBHOOK_HOSTS")
  const secrets = yield* makeSecrets
  return Effect.fnUntraced(function* (settings: JsonObject) {
    const caller = yield* CurrentCaller
    const customer_id = customerOf(caller) ?? caller.subject
    const issues = hireSettingsIssues(settings, hosts, customer_id, "$.settings")
    const ref = secretRefOf(settings)
    if (ref === undefined) return issues
    return yield* secrets(customer_id, ref).pipe(
      Effect.as(issues),
      Effect.catchTags({
        SecretUnknown: ({ why }) =>
          Effect.succeed([...issues, { path: "$.settings.execution.secret_ref", message: why }]),
        SecretsUnreadable: ({ why }) => new Unavailable({ detail: why }),
      }),
    )
  })
})

const drafting = Effect.gen(function* () {
  const repo = yield* EngagementsRepo
  const engagements = yield* Engagements
  const catalog = yield* Catalog
  const ids = yield* Ids
  const bounds = yield* Bounds
  const { forHire } = yield* quotas
  const settingsIssues = yield* judgingSettings

  const definitionFor = (input: HireDraft, hire: HireRow | undefined) => {
    const version = input.definition_version ?? hire?.definition_version
    return version === undefined ? catalog.latest(input.agent_id) : catalog.version(input.agent_id, version)
  }

  // The definition is fetched between two reads: no lock is held while the catalog answers
  const tryDraft = Effect.fnUntraced(function* (input: HireDraft, id: HiredInstanceId) {
    const caller = yield* CurrentCaller
    const conditions = yield* Conditions
    const { subscription_id } = input
    const notFound = new SubscriptionNotFound({ detail: subscription_id })
    const [subscription, hired] = yield* Effect.all([
      repo.subscriptions.find(subscription_id),
      repo.hires.find({ subscription_id }),
    ], { concurrency: "unbounded" })
    if (Option.isNone(subscription) || !canSee(caller, subscription.value.customer_id)) return yield* notFound
    const before = Option.getOrUndefined(hired)?.hire
    yield* Effect.fromResult(draftable({ hire: before, subscription: subscription.value }, input.agent_id))
    const definition = yield* definitionFor(input, before)
    const goals = input.definition_version === undefined ? "none" : "all"
    const amended = yield* engagements.amend(
      { subscription_id },
      goals,
      (engagement, now) =>
        whenMet(
          conditions,
          engagement.hire && hireTag(engagement.hire),
          Result.flatMap(
            draft(engagement, input, definition, id, { now, bounds }),
            (decision) =>
              Result.map(forHire(engagement.hire === undefined ? engagement.counts : undefined), () => decision),
          ),
        ),
      before === undefined,
    )
    if (Option.isNone(amended)) return yield* notFound
    const stored = hiredOf(amended.value.after)
    return { ...stored, made: stored.hire.hired_instance_id === id }
  })

  return Effect.fn("Hires.draft")(function* (input: HireDraft) {
    const issues = [
      ...secretIssues(input.config ?? {}, "$.config"),
      ...secretIssues(input.settings ?? {}, "$.settings"),
      ...yield* settingsIssues(input.settings ?? {}),
    ]
    if (issues.length > 0) return yield* invalid(issues)
    const id = HiredInstanceId.make(yield* ids.next("HAI"))
    return yield* retryMoved(tryDraft(input, id))
  })
})
