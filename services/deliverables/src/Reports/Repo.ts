/** The SQL of reports. */
import { PgClient } from "@effect/sql-pg"
import { DECISION_TIME } from "@stint/domain/deliverables/Reports"
import { CustomerId, HiredInstanceId } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { Instant } from "@stint/domain/Protocol"
import { BigIntColumn } from "@stint/edge/Pg/BigIntColumn"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** Whose drafts, made in [from, to); null: any hire's. */
const Period = Schema.Struct({
  customer_id: CustomerId,
  hired_instance_id: Schema.NullOr(HiredInstanceId),
  from: Instant,
  to: Instant,
})
export type Period = typeof Period.Type

/** What became of the drafts of a period. */
const Made = Schema.Struct({
  drafts: Schema.Int,
  approved: Schema.Int,
  approved_by_mandate: Schema.Int,
  rejected: Schema.Int,
  median_seconds_to_decision: Schema.NullOr(Schema.Finite),
})
export type Made = typeof Made.Type

/** What the calls of makers used that began in the period: of a model, or of all programs (null). */
const Used = Schema.Struct({
  model: Schema.NullOr(Schema.String),
  tokens_in: BigIntColumn,
  tokens_out: BigIntColumn,
  /** In millionths. */
  cost: BigIntColumn,
  unknown: Schema.Int,
})
export type Used = typeof Used.Type

/** What all hires cost in a month; amounts in millionths. */
const SpentByAll = Schema.Struct({
  cost: BigIntColumn,
  agents: Schema.Int,
  budget: BigIntColumn,
  without_budget: Schema.Int,
})
export type SpentByAll = typeof SpentByAll.Type

/** How soon people decided on the newest drafts. */
const Decided = Schema.Struct({
  since: InstantColumn,
  drafts: Schema.Int,
  decided: Schema.Int,
  median_seconds_to_decision: Schema.NullOr(Schema.Finite),
})
export type Decided = typeof Decided.Type

/** Drafts, decisions and calls, counted. */
export class ReportsRepo extends Context.Service<ReportsRepo, {
  /** Deleted drafts count: they were made, and may have been decided on. */
  made(period: Period): Effect.Effect<Made>
  /** A call that is not known to have ended counts with its maximum (domain.md, "Makers"). */
  used(period: Period): Effect.Effect<ReadonlyArray<Used>>
  /** What a hire's budget of a month has used, in millionths. */
  spent(hire: HiredInstanceId, month: string): Effect.Effect<number>
  /** The same of all hires that were called in that month. */
  spentByAll(month: string): Effect.Effect<SpentByAll>
  /** How soon people decide, over all customers: of the newest drafts of some days. */
  readonly decided: Effect.Effect<Decided>
}>()("deliverables/ReportsRepo") {
  static readonly layer = Layer.effect(
    ReportsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const made = SqlSchema.findOne({
        Request: Period,
        Result: Made,
        execute: ({ customer_id, from, hired_instance_id, to }) =>
          sql`
            select count(*)::int as drafts,
              count(*) filter (where d.review_status = 'approved')::int as approved,
              count(*) filter (where d.review_status = 'approved' and exists (
                select from approvals m where m.approval_id = d.approval_id and m.mandate_id is not null))::int as approved_by_mandate,
              count(*) filter (where d.review_status = 'rejected' and d.expired_at is null)::int as rejected,
              percentile_cont(0.5) within group (order by extract(epoch from a.decided_at - d.created_at)::float8)
                as median_seconds_to_decision
            from deliverables d left join lateral (
              select min(created_at) as decided_at from approvals where deliverable_id = d.deliverable_id) a on true
            where d.customer_id = ${customer_id} and d.created_at >= ${from}::timestamptz and d.created_at < ${to}::timestamptz
              ${hired_instance_id === null ? sql`` : sql`and d.hired_instance_id = ${hired_instance_id}`}`,
      })
      const used = SqlSchema.findAll({
        Request: Period,
        Result: Used,
        execute: ({ customer_id, from, hired_instance_id, to }) =>
          sql`
            select model, sum(coalesce(tokens_in, 0))::int8 as tokens_in, sum(coalesce(tokens_out, 0))::int8 as tokens_out,
              sum(coalesce(cost, max_cost))::int8 as cost, count(*) filter (where outcome is null)::int as unknown
            from making_calls
            where customer_id = ${customer_id} and started_at >= ${from}::timestamptz and started_at < ${to}::timestamptz
              ${hired_instance_id === null ? sql`` : sql`and hired_instance_id = ${hired_instance_id}`}
            group by model order by model`,
      })
      const spent = SqlSchema.findOne({
        Request: Schema.Struct({ hire: HiredInstanceId, month: Schema.String }),
        Result: Schema.Struct({ cost: BigIntColumn }),
        execute: ({ hire, month }) =>
          sql`select coalesce(sum(cost), 0)::int8 as cost from making_costs
              where hired_instance_id = ${hire} and month = ${month}`,
      })
      const spentByAll = SqlSchema.findOne({
        Request: Schema.String,
        Result: SpentByAll,
        execute: (month) =>
          sql`select coalesce(sum(cost), 0)::int8 as cost, count(*)::int as agents,
                coalesce(sum(budget), 0)::int8 as budget, count(*) filter (where budget is null)::int as without_budget
              from making_costs where month = ${month}`,
      })
      const decided = SqlSchema.findOne({
        Request: Schema.Struct({ days: Schema.Int, drafts: Schema.Int }),
        Result: Decided,
        execute: ({ days, drafts }) =>
          sql`
            with newest as materialized (
              select deliverable_id, created_at from deliverables
              where deleted_at is null and created_at >= now() - make_interval(days => ${days}::int)
              order by created_at desc, deliverable_id desc limit ${drafts}::int)
            select case when count(*) < ${drafts}::int then now() - make_interval(days => ${days}::int) else min(d.created_at) end as since,
              count(*)::int as drafts, count(a.decided_at)::int as decided,
              percentile_cont(0.5) within group (order by extract(epoch from a.decided_at - d.created_at)::float8)
                as median_seconds_to_decision
            from newest d left join lateral (
              select min(created_at) as decided_at from approvals
              where deliverable_id = d.deliverable_id and mandate_id is null) a on true`,
      })
      return ReportsRepo.of({
        decided: Effect.orDie(decided(DECISION_TIME)),
        spent: (hire, month) => Effect.orDie(Effect.map(spent({ hire, month }), ({ cost }) => cost)),
        spentByAll: (month) => Effect.orDie(spentByAll(month)),
        made: (period) => Effect.orDie(made(period)),
        used: (period) => Effect.orDie(used(period)),
      })
    }),
  )
}
