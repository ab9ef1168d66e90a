/** The trials of hired agents: their state, and ending those that are due on request. */
import { type CurrentCaller, visibleCustomer } from "@stint/domain/Caller"
import { RETENTION } from "@stint/domain/Retention"
import type { HireTrial } from "@stint/domain/hiring/TrialStatus"
import type { CustomerId } from "@stint/domain/Ids"
import { CustomerNotFound, type InvalidRequest } from "@stint/domain/Problem"
import {
  cursorId,
  CursorMillis,
  decodeCursor,
  DEFAULT_LIMIT,
  type Page,
  pageOf,
  type PageQuery,
} from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import { EngagementsRepo } from "./Engagements/Repo.ts"
import type { HireState } from "./Engagements/Row.ts"
import { Periods } from "./Periods.ts"

/** A place in the list: the trial's end in epoch milliseconds, null without one, and the hire's id. */
const Place = Schema.Tuple([
  Schema.NullOr(CursorMillis),
  cursorId("HAI"),
])

/** A page of one customer's trials, or of all that the caller may see. */
export interface TrialStatusQuery extends PageQuery {
  readonly customer_id?: CustomerId
}

const trialOf = (hire: HireState): HireTrial => ({
  subscription_id: hire.subscription_id,
  hired_instance_id: hire.hired_instance_id,
  trial_status: hire.trial_status,
  trial_start: hire.trial_start,
  trial_end: hire.trial_end,
  configured: hire.configured,
  goals_completed: hire.goals_completed,
})

/** The trials of hired agents. */
export class TrialStatus extends Context.Service<TrialStatus, {
  /** By trial_end, those not started last. Hires past their retention are left out. */
  list(
    query: TrialStatusQuery,
  ): Effect.Effect<Page<HireTrial>, CustomerNotFound | InvalidRequest, CurrentCaller>
  /** Writes what is due by time, as the service does by itself; the trials that this call ended. */
  readonly process: Effect.Effect<ReadonlyArray<HireTrial>, never, CurrentCaller>
}>()("hiring/TrialStatus") {
  static readonly layer = Layer.effect(
    TrialStatus,
    Effect.gen(function* () {
      const repo = yield* EngagementsRepo
      const periods = yield* Periods
      const placeOf = decodeCursor(Place)

      const list = Effect.fn("TrialStatus.list")(function* (query: TrialStatusQuery) {
        const customer_id = yield* visibleCustomer(
          query.customer_id,
          () => new CustomerNotFound({ detail: query.customer_id ?? "" }),
        )
        const place = yield* placeOf(query.cursor)
        const after = place && {
          trial_end: place[0] === null ? null : DateTime.makeUnsafe(place[0]),
          hired_instance_id: place[1],
        }
        const limit = query.limit ?? DEFAULT_LIMIT
        const endedBy = DateTime.subtract(yield* DateTime.now, { days: RETENTION.endedHires })
        return yield* pageOf(
          yield* repo.hires.listByTrial(customer_id, endedBy, { after, limit: limit + 1 }),
          limit,
          ({ hired_instance_id, trial_end }) => [
            trial_end === null ? null : DateTime.toEpochMillis(trial_end),
            hired_instance_id,
          ],
          ({ hire }) => trialOf(hire),
        )
      })

      return TrialStatus.of({
        list,
        process: Effect.map(periods.processTrialEnd, (hires) => hires.map(trialOf)),
      })
    }),
  )
}
