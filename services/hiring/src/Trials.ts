/** The rules of lead trials: seven days with an agent type of the catalog, ended once (domain.md, "States"). */
import type { Action } from "@stint/domain/ActionLog"
import { canSee, CurrentCaller, customerOf } from "@stint/domain/Caller"
import { TrialId } from "@stint/domain/Ids"
import type { InvalidRequest, QuotaExceeded, Unavailable } from "@stint/domain/Problem"
import type { AgentTypeUnknown } from "@stint/domain/hiring/Subscriptions"
import {
  type LeadTrialEnd,
  type LeadTrialStatus,
  type NewTrial,
  TrialEnded,
  TrialNotFound,
} from "@stint/domain/hiring/Trials"
import { operatorsLines } from "@stint/edge/ActionLog"
import { keptReply } from "@stint/edge/Idempotency/WithWork"
import { Ids } from "@stint/edge/Ids"
import { cursorId, decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Option } from "effect"
import { Catalog } from "./Clients.ts"
import { TRIAL_DAYS } from "./Engagements/Policy.ts"
import { quotas } from "./Quotas.ts"
import { TrialsRepo } from "./Trials/Repo.ts"
import type { TrialRow } from "./Trials/Row.ts"
import { begun } from "./Trials/Wire.ts"

/** A page of the trials in a state, or in any. */
export interface TrialsQuery extends PageQuery {
  readonly status?: LeadTrialStatus
}

/** What can be done with lead trials. A customer finds only those that it began. */
export class Trials extends Context.Service<Trials, {
  /** Begins a trial of an agent type of the catalog. */
  begin(input: NewTrial): Effect.Effect<TrialRow, AgentTypeUnknown | QuotaExceeded | Unavailable, CurrentCaller>
  get(id: TrialId): Effect.Effect<TrialRow, TrialNotFound, CurrentCaller>
  /** Those that the caller may see, oldest first. */
  list(query: TrialsQuery): Effect.Effect<Page<TrialRow>, InvalidRequest, CurrentCaller>
  /** Ends an active trial. An ended one cannot be ended again, not even in the same way. */
  end(id: TrialId, status: LeadTrialEnd): Effect.Effect<TrialRow, TrialNotFound | TrialEnded, CurrentCaller>
  /** Removes a trial, ended or not. */
  remove(id: TrialId): Effect.Effect<void, TrialNotFound, CurrentCaller>
}>()("hiring/Trials") {
  static readonly layer = Layer.effect(
    Trials,
    Effect.gen(function* () {
      const repo = yield* TrialsRepo
      const catalog = yield* Catalog
      const ids = yield* Ids
      const { room, trials } = yield* quotas
      const operatorsLine = yield* operatorsLines<Action>()
      const cursorOf = decodeCursor(cursorId("TRL"))

      const begin = Effect.fn("Trials.begin")(function* (input: NewTrial) {
        yield* catalog.known(input.agent_id)
        const now = yield* DateTime.now
        const trial_id = TrialId.make(yield* ids.next("TRL"))
        const line = yield* operatorsLine("trial_begin", { trial_id, agent_id: input.agent_id })
        const row: TrialRow = {
          ...input,
          phone: input.phone ?? null,
          trial_id,
          start_date: now,
          end_date: DateTime.add(now, { days: TRIAL_DAYS }),
          status: "active",
          customer_id: customerOf(yield* CurrentCaller) ?? null,
          created_at: now,
          updated_at: now,
        }
        const stored = yield* repo.insert(row, trials, line, yield* keptReply(() => begun(row)))
        return Option.isSome(stored)
          ? stored.value
          : yield* Effect.andThen(Effect.fromResult(room("trials_per_customer", trials)), Effect.die("there was room"))
      })

      const get = Effect.fn("Trials.get")(function* (id: TrialId) {
        const found = yield* repo.find(id)
        if (Option.isNone(found) || !canSee(yield* CurrentCaller, found.value.customer_id)) {
          return yield* new TrialNotFound({ detail: id })
        }
        return found.value
      })

      const list = Effect.fn("Trials.list")(function* (query: TrialsQuery) {
        const after = yield* cursorOf(query.cursor)
        const limit = query.limit ?? DEFAULT_LIMIT
        const wanted = { customer_id: customerOf(yield* CurrentCaller), status: query.status }
        return yield* pageOf(yield* repo.list(wanted, { after, limit: limit + 1 }), limit, ({ trial_id }) => trial_id)
      })

      const end = Effect.fn("Trials.end")(function* (id: TrialId, status: LeadTrialEnd) {
        const { customer_id } = yield* get(id)
        const line = yield* operatorsLine("trial_end", { trial_id: id, customer_id, status })
        const ended = yield* repo.end(id, status, yield* DateTime.now, line)
        if (Option.isSome(ended)) return ended.value
        const now = yield* get(id)
        return yield* new TrialEnded({ detail: `The trial is ${now.status}, which is final`, trial_status: now.status })
      })

      const remove = Effect.fn("Trials.remove")(function* (id: TrialId) {
        const { customer_id } = yield* get(id)
        const line = yield* operatorsLine("trial_remove", { trial_id: id, customer_id })
        if (!(yield* repo.remove(id, line))) return yield* new TrialNotFound({ detail: id })
      })

      return Trials.of({ begin, get, list, end, remove })
    }),
  )
}
