/** The rules of mandates: who signs what for which drafts, and what a mandate says it is (domain.md, "Mandates"). */
import { type Caller, canSee, type CurrentCaller, customerOf, visibleCustomer } from "@stint/domain/Caller"
import { Bounds } from "@stint/domain/Bounds"
import {
  type DeliverablesHireDeactivated,
  DeliverablesHireGone,
  DeliverablesHireNotFound,
  type SubscriptionEnded,
} from "@stint/domain/deliverables/Deliverables"
import {
  type Mandate,
  MandateNotFound,
  type MandatePreview,
  type MandatesForbidden,
  type NewMandate,
  type NotCovered,
} from "@stint/domain/deliverables/Mandates"
import { type CustomerId, type DeliverableId, type HiredInstanceId, MandateId } from "@stint/domain/Ids"
import { CustomerNotFound, type InvalidRequest, QuotaExceeded, Unavailable } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery, readable } from "@stint/edge/Paging"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { Hiring } from "./Clients.ts"
import { Definitions } from "./Definitions.ts"
import { notCanceled, notDeactivated } from "./Deliverables/Policy.ts"
import { inScope, notAhead, presentPeriod, toMandate, uncovered, validFor } from "./Mandates/Policy.ts"
import { zoneOf } from "./Mandates/Periods.ts"
import { After, MandatesRepo } from "./Mandates/Repo.ts"
import type { MandateRow } from "./Mandates/Row.ts"
import { worker } from "./Mandates/Worker.ts"

/** Which mandates to list; what is left out filters nothing. */
export interface MandatesQuery extends PageQuery {
  readonly customer_id?: CustomerId
  readonly hired_instance_id?: HiredInstanceId
}

/** Why a mandate can't be signed for what it names. */
export type ScopeFailure =
  | DeliverablesHireNotFound
  | DeliverablesHireGone
  | DeliverablesHireDeactivated
  | SubscriptionEnded
  | MandatesForbidden
  | InvalidRequest
  | Unavailable

/** Mandates. */
export class Mandates extends Context.Service<Mandates, {
  /** Signs one, in the name of the customer of its hire. */
  sign(caller: Caller, mandate: NewMandate): Effect.Effect<Mandate, ScopeFailure | QuotaExceeded>
  /** Newest first: a customer's own, or those of `customer_id`, or all. */
  list(query: MandatesQuery): Effect.Effect<Page<Mandate>, CustomerNotFound | InvalidRequest, CurrentCaller>
  get(caller: Caller, id: MandateId): Effect.Effect<Mandate, MandateNotFound>
  /** What it would have covered of the last drafts of its scope. Nothing is stored. */
  preview(caller: Caller, mandate: NewMandate): Effect.Effect<MandatePreview, ScopeFailure>
  /** Revokes one at once: a use that began is whole, and none begins after. */
  revoke(caller: Caller, id: MandateId, reason: string | undefined): Effect.Effect<Mandate, MandateNotFound>
}>()("deliverables/Mandates") {
  /** Looks at new drafts, in the background. */
  static readonly worker = worker

  static readonly layer = Layer.effect(
    Mandates,
    Effect.gen(function* () {
      const repo = yield* MandatesRepo
      const ids = yield* Ids
      const bounds = yield* Bounds
      const scopeOf = yield* makeScope
      const decodeAfter = decodeCursor(After)

      const shown = Effect.fnUntraced(function* (rows: ReadonlyArray<MandateRow>) {
        const counts = rows.length === 0 ? new Map<string, number>() : yield* repo.counts(
          rows.map((row) => ({ mandate_id: row.mandate_id, period: presentPeriod(row).first })),
        )
        return rows.map((row) => toMandate(row, counts.get(row.mandate_id) ?? 0))
      })

      const get = Effect.fn("Mandates.get")(function* (caller: Caller, id: MandateId) {
        const found = yield* repo.find(id)
        if (Option.isNone(found) || !canSee(caller, found.value.customer_id)) {
          return yield* new MandateNotFound({ detail: id })
        }
        return (yield* shown([found.value]))[0]!
      })

      const line = Effect.fnUntraced(function* (caller: Caller, action: string, mandate: object) {
        return {
          log_id: yield* ids.next("LOG"),
          action,
          operator: caller.subject,
          action_metadata: { role: caller.role, ...mandate },
        }
      })

      const sign = Effect.fn("Mandates.sign")(function* (caller: Caller, asked: NewMandate) {
        // derived from the Idempotency-Key: a repeated request finds the mandate that it stored
        const mandate_id = MandateId.make(yield* ids.next("MAN"))
        const { hire } = yield* scopeOf(caller, asked)
        const { customer_id, hired_instance_id } = hire
        const goal_instance_id = asked.goal_instance_id ?? null
        const goal_template_id = asked.goal_template_id ?? null
        const scope = { customer_id, hired_instance_id, goal_instance_id, goal_template_id }
        const { action, max_uses, per, rules, valid_until } = asked
        const most = bounds.live_mandates
        const stored = yield* repo.sign(
          {
            mandate_id,
            ...scope,
            rules,
            max_uses,
            per,
            timezone: zoneOf(hire.config),
            valid_until,
            action,
            signed_by: caller.subject,
          },
          most,
          yield* line(caller, "mandate_sign", { mandate_id, ...scope, action, max_uses, per }),
        )
        // it ended while it was being looked at
        if (stored === "ended") return yield* notAhead
        if (stored === "full") {
          return yield* new QuotaExceeded({
            detail: `A customer may have ${most} live mandates (live_mandates): revoke one that is not needed any more`,
            bound: "live_mandates",
            limit: most,
          })
        }
        return yield* Effect.orDie(get(caller, mandate_id))
      })

      const list = Effect.fn("Mandates.list")(function* (query: MandatesQuery) {
        const { cursor, hired_instance_id = null, limit = DEFAULT_LIMIT } = query
        const customer_id = yield* visibleCustomer(
          query.customer_id,
          () => new CustomerNotFound({ detail: query.customer_id ?? "" }),
        )
        const after = (yield* decodeAfter(cursor)) ?? null
        const found = yield* repo.list({ customer_id: customer_id ?? null, hired_instance_id, after, limit: limit + 1 })
        const known = new Map((yield* shown(readable(found))).map((mandate) => [mandate.mandate_id, mandate]))
        return yield* pageOf(found, limit, Schema.encodeSync(After), (row) => known.get(row.mandate_id)!)
      })

      const revoke = Effect.fn("Mandates.revoke")(function* (
        caller: Caller,
        id: MandateId,
        reason: string | undefined,
      ) {
        const { customer_id, hired_instance_id } = yield* get(caller, id)
        yield* repo.revoke(
          { mandate_id: id, revoked_by: caller.subject, revoke_reason: reason ?? null },
          yield* line(caller, "mandate_revoke", { mandate_id: id, customer_id, hired_instance_id }),
        )
        return yield* get(caller, id)
      })

      return Mandates.of({ sign, list, get, preview: yield* makePreview(scopeOf), revoke })
    }),
  )
}

/** The hire that a mandate is for, as it is now, once all that it names is found to be its customer's and may be covered. */
const makeScope = Effect.gen(function* () {
  const hiring = yield* Hiring
  const definitions = yield* Definitions
  const repo = yield* MandatesRepo
  return Effect.fnUntraced(function* (caller: Caller, asked: NewMandate) {
    const { goal_instance_id, hired_instance_id } = asked
    yield* Effect.fromResult(validFor(asked, yield* repo.now))
    const { goals, hires, unread } = yield* hiring.lookup({
      hired_instance_ids: [hired_instance_id],
      ...(goal_instance_id === undefined ? {} : { goal_instance_ids: [goal_instance_id] }),
    })
    const hire = hires.find((one) => one.hired_instance_id === hired_instance_id)
    if (unread?.hires.includes(hired_instance_id)) {
      return yield* new Unavailable({ detail: `hiring can't read ${hired_instance_id} now` })
    }
    if (hire === undefined || hire.customer_id !== customerOf(caller)) {
      return yield* new DeliverablesHireNotFound({ detail: hired_instance_id })
    }
    if (hire.gone) return yield* new DeliverablesHireGone({ detail: hired_instance_id })
    yield* Effect.fromResult(notCanceled(hire))
    yield* Effect.fromResult(notDeactivated(hire))
    const definition = yield* definitions.get(hire.agent_id, hire.definition_version)
    if (Option.isNone(definition)) {
      return yield* new Unavailable({ detail: `${hire.agent_id}@${hire.definition_version} is not in the catalog` })
    }
    const goal = goals.find((one) => one.goal_instance_id === goal_instance_id)
    yield* Effect.fromResult(inScope(asked, definition.value, goal))
    return { hire }
  })
})

const makePreview = Effect.fnUntraced(function* (scopeOf: Effect.Success<typeof makeScope>) {
  const repo = yield* MandatesRepo
  return Effect.fn("Mandates.preview")(function* (caller: Caller, asked: NewMandate) {
    const { hire: { customer_id, hired_instance_id } } = yield* scopeOf(caller, asked)
    const drafts = readable(
      yield* repo.lastDrafts({
        customer_id,
        hired_instance_id,
        goal_instance_id: asked.goal_instance_id ?? null,
        goal_template_id: asked.goal_template_id ?? null,
      }),
    )
    const covered: Array<DeliverableId> = []
    const others: Array<NotCovered> = []
    for (const draft of drafts) {
      const why = uncovered(asked.rules, draft)
      if (why === undefined) covered.push(draft.deliverable_id)
      else others.push({ deliverable_id: draft.deliverable_id, ...why })
      // rules over a large draft take milliseconds: other requests go on in between
      yield* Effect.yieldNow
    }
    return { covered, others }
  })
})
