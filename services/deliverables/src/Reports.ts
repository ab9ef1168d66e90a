/** What agents did in a period: drafts and decisions from here, runs from the scheduler (api.md, "report"). */
import { budgetOf } from "@stint/domain/Definition/HireSettings"
import { type Caller, canSee, type CurrentCaller, visibleCustomer } from "@stint/domain/Caller"
import { DeliverablesHireGone, DeliverablesHireNotFound } from "@stint/domain/deliverables/Deliverables"
import {
  type DecisionTime,
  type Report,
  REPORT_DAYS,
  type Spending,
  type SpendingOfAll,
} from "@stint/domain/deliverables/Reports"
import type { CustomerId, HiredInstanceId } from "@stint/domain/Ids"
import { CustomerNotFound, InvalidRequest, type Unavailable } from "@stint/domain/Problem"
import { Clock, Context, DateTime, Effect, Layer } from "effect"
import { hireOf, Hiring, Scheduler } from "./Clients.ts"
import { monthOf } from "./Makings/Budget.ts"
import { ReportsRepo, type Used } from "./Reports/Repo.ts"

/** A period, as a caller asks for it. */
export interface PeriodQuery {
  readonly from?: DateTime.Utc
  readonly to?: DateTime.Utc
}

/** Reports. */
export class Reports extends Context.Service<Reports, {
  /** Of one hire. Another customer's is not found; past its retention it is gone. */
  ofHire(
    caller: Caller,
    hire: HiredInstanceId,
    query: PeriodQuery,
  ): Effect.Effect<Report, DeliverablesHireNotFound | DeliverablesHireGone | InvalidRequest | Unavailable>
  /** What a hire costs in its month, as its budget counts it. */
  spendingOfHire(
    caller: Caller,
    hire: HiredInstanceId,
  ): Effect.Effect<Spending, DeliverablesHireNotFound | DeliverablesHireGone | Unavailable>
  /** What all cost this month. */
  readonly spending: Effect.Effect<SpendingOfAll>
  /** How soon people decide, over all customers. */
  readonly decisionTime: Effect.Effect<DecisionTime>
  /** Of all hires of a customer, ended ones included. */
  ofCustomer(
    customer_id: CustomerId,
    query: PeriodQuery,
  ): Effect.Effect<Report, CustomerNotFound | InvalidRequest | Unavailable, CurrentCaller>
}>()("deliverables/Reports") {
  static readonly layer = Layer.effect(
    Reports,
    Effect.gen(function* () {
      const repo = yield* ReportsRepo
      const hiring = yield* Hiring
      const scheduler = yield* Scheduler

      const report = Effect.fnUntraced(function* (
        customer_id: CustomerId,
        hired_instance_id: HiredInstanceId | null,
        query: PeriodQuery,
      ) {
        const { from, to } = yield* periodOf(query)
        const [{ runs, since }, made, used] = yield* Effect.all([
          scheduler.outcomes(hired_instance_id === null ? { customer_id } : { hired_instance_id }, from, to),
          repo.made({ customer_id, hired_instance_id, from, to }),
          repo.used({ customer_id, hired_instance_id, from, to }),
        ], { concurrency: "unbounded" })
        const decided = made.approved + made.rejected
        return {
          from,
          to,
          runs,
          runs_since: since,
          ...made,
          approval_rate: decided === 0 ? null : made.approved / decided,
          ...spent(used, made.approved),
        }
      })

      /** A hire that the caller may see. */
      const visible = Effect.fnUntraced(function* (caller: Caller, id: HiredInstanceId) {
        const hire = yield* hireOf(hiring, id)
        if (hire === undefined || !canSee(caller, hire.customer_id)) {
          return yield* new DeliverablesHireNotFound({ detail: id })
        }
        if (hire.gone) return yield* new DeliverablesHireGone({ detail: id })
        return hire
      })

      return Reports.of({
        ofHire: Effect.fn("Reports.ofHire")(function* (caller, id, query) {
          return yield* report((yield* visible(caller, id)).customer_id, id, query)
        }),
        spendingOfHire: Effect.fn("Reports.spendingOfHire")(function* (caller, id) {
          const { config, settings } = yield* visible(caller, id)
          const { cost: limit, tokens } = budgetOf(settings)
          const month = monthOf(config, yield* Clock.currentTimeMillis)
          const cost = yield* repo.spent(id, month)
          return {
            month,
            cost: cost / MILLION,
            max_cost_per_month: limit === null ? null : limit / MILLION,
            max_tokens_per_run: tokens,
          }
        }),
        spending: Effect.gen(function* () {
          const month = monthOf({}, yield* Clock.currentTimeMillis)
          const { agents, budget, cost, without_budget } = yield* repo.spentByAll(month)
          return { month, cost: cost / MILLION, agents, budget: budget / MILLION, without_budget }
        }),
        decisionTime: repo.decided,
        ofCustomer: Effect.fn("Reports.ofCustomer")(function* (asked, query) {
          const customer_id = yield* visibleCustomer(asked, () => new CustomerNotFound({ detail: asked }))
          return yield* report(customer_id, null, query)
        }),
      })
    }),
  )
}

/** What makers used and cost. Millionths are summed, so that no sum rounds. */
const spent = (used: ReadonlyArray<Used>, approved: number) => {
  const sum = (of: (one: Used) => number) => used.reduce((all, one) => all + of(one), 0)
  const millionths = sum(({ cost }) => cost)
  return {
    tokens: Object.fromEntries(
      used.flatMap(({ cost, model, tokens_in, tokens_out }) =>
        model === null ? [] : [[model, { in: tokens_in, out: tokens_out, cost: cost / MILLION }] as const]
      ),
    ),
    calls_unknown: sum(({ unknown }) => unknown),
    cost: millionths / MILLION,
    cost_per_approved: approved === 0 ? null : Math.round(millionths / approved) / MILLION,
  }
}

/** Millionths of the currency's unit. */
const MILLION = 1_000_000

const invalid = (message: string) =>
  new InvalidRequest({ detail: `from ${message}`, errors: [{ path: "query.from", message }] })

/** The period that is asked for: without an end until now, without a beginning of 30 days. */
const periodOf = Effect.fnUntraced(function* (query: PeriodQuery) {
  const to = query.to ?? (yield* DateTime.now)
  const from = query.from ?? DateTime.subtract(to, { days: REPORT_DAYS.usual })
  if (DateTime.isGreaterThanOrEqualTo(from, to)) return yield* invalid("must be before to")
  if (DateTime.isLessThan(from, DateTime.subtract(to, { days: REPORT_DAYS.most }))) {
    return yield* invalid(`must be at most ${REPORT_DAYS.most} days before to`)
  }
  return { from, to }
})
