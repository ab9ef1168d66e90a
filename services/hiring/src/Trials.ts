/** The rules of lead trials: seven days with an agent type of the catalog; each ends once (domain.md, "States"). */
import { CurrentCaller } from "@stint/domain/Caller"
import { CustomerId, TrialId } from "@stint/domain/Ids"
import type { InvalidRequest, Unavailable } from "@stint/domain/Problem"
import type { AgentTypeUnknown } from "@stint/domain/hiring/Subscriptions"
import {
  type LeadTrialEnd,
  type LeadTrialStatus,
  type NewTrial,
  TrialEnded,
  TrialNotFound,
} from "@stint/domain/hiring/Trials"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, pageOf } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { Catalog } from "./Clients.ts"
import { TRIAL_DAYS } from "./Engagements/Policy.ts"
import type { PageOf, PageQuery } from "./Subscriptions.ts"
import { TrialsRepo } from "./Trials/Repo.ts"
import type { TrialRow } from "./Trials/Rows.ts"

/** Which page of which trials. */
export interface TrialsQuery extends PageQuery {
  readonly status?: LeadTrialStatus
}

/** What can be done with lead trials. One that another customer or an operator began is not found by a customer. */
export class Trials extends Context.Service<Trials, {
  /** Begins one, for an agent type of the catalog. */
  begin(input: NewTrial): Effect.Effect<TrialRow, AgentTypeUnknown | Unavailable, CurrentCaller>
  get(id: TrialId): Effect.Effect<TrialRow, TrialNotFound, CurrentCaller>
  /** Those that the caller sees, oldest first. */
  list(query: TrialsQuery): Effect.Effect<PageOf<TrialRow>, InvalidRequest, CurrentCaller>
  /** Ends an active one. It can't be ended again, not even in the same way. */
  end(id: TrialId, status: LeadTrialEnd): Effect.Effect<TrialRow, TrialNotFound | TrialEnded, CurrentCaller>
  /** Removes one, ended or not. */
  remove(id: TrialId): Effect.Effect<void, TrialNotFound, CurrentCaller>
}>()("hiring/Trials") {
  static readonly layerNoDeps = Layer.effect(
    Trials,
    Effect.gen(function* () {
      const repo = yield* TrialsRepo
      const catalog = yield* Catalog
      const ids = yield* Ids
      const cursorOf = decodeCursor(Schema.String)

      /** The customer that calls; undefined for those who see every trial. */
      const customer = Effect.map(
        CurrentCaller,
        ({ role, subject }) => role === "customer" ? CustomerId.make(subject) : undefined,
      )

      const begin = Effect.fn("Trials.begin")(function* (input: NewTrial) {
        yield* catalog.latest(input.agent_id)
        const now = yield* DateTime.now
        return yield* repo.begin({
          ...input,
          phone: input.phone ?? null,
          trial_id: TrialId.make(yield* ids.next("TRL")),
          start_date: now,
          end_date: DateTime.add(now, { days: TRIAL_DAYS }),
          status: "active",
          customer_id: (yield* customer) ?? null,
          created_at: now,
          updated_at: now,
        })
      })

      const get = Effect.fn("Trials.get")(function* (id: TrialId) {
        const found = Option.getOrUndefined(yield* repo.find(id))
        const own = yield* customer
        if (found === undefined || (own !== undefined && found.customer_id !== own)) {
          return yield* new TrialNotFound({ detail: id })
        }
        return found
      })

      const list = Effect.fn("Trials.list")(function* (query: TrialsQuery) {
        const after = yield* cursorOf(query.cursor)
        const limit = query.limit ?? DEFAULT_LIMIT
        const wanted = { customer_id: yield* customer, status: query.status }
        return pageOf(yield* repo.list(wanted, { after, limit: limit + 1 }), limit, ({ trial_id }) => trial_id)
      })

      const end = Effect.fn("Trials.end")(function* (id: TrialId, status: LeadTrialEnd) {
        yield* get(id)
        const ended = yield* repo.end(id, status, yield* DateTime.now)
        if (Option.isSome(ended)) return ended.value
        const now = yield* get(id)
        return yield* new TrialEnded({ detail: `It is ${now.status}, which is final`, trial_status: now.status })
      })

      const remove = Effect.fn("Trials.remove")(function* (id: TrialId) {
        yield* get(id)
        if (!(yield* repo.remove(id))) return yield* new TrialNotFound({ detail: id })
      })

      return Trials.of({ begin, get, list, end, remove })
    }),
  )
}
