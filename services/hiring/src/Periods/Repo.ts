/** Engagements at which something is due. The database's clock judges, and replicas share the work. */
import { PgClient } from "@effect/sql-pg"
import { SubscriptionId } from "@stint/domain/Ids"
import { Context, type DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { after, type Amendment } from "../Engagements/Amendment.ts"
import { storing } from "../Engagements/Repo/Write.ts"
import { type Engagement, HireRow, SubscriptionRow } from "../Engagements/Row.ts"
import { PAST_DUE_DAYS } from "../Subscriptions/Policy.ts"

/** An engagement at which something was due. */
export interface Passed {
  readonly before: Engagement
  readonly after: Engagement
}

/** What is due by time alone. */
export class PeriodsRepo extends Context.Service<PeriodsRepo, {
  /**
   * In one transaction: locks up to `limit` engagements at which something is due, skips those that another transaction
   * holds, decides on each, and stores the amendments and their changes.
   */
  amendDue(
    limit: number,
    decide: (engagement: Engagement, now: DateTime.Utc) => Amendment,
  ): Effect.Effect<ReadonlyArray<Passed>>
  /** Milliseconds until something is due, 0 or less when it is; none when nothing will be. Lead trials included. */
  readonly untilDue: Effect.Effect<Option.Option<number>>
}>()("hiring/PeriodsRepo") {
  static readonly layer = Layer.effect(
    PeriodsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const store = yield* storing
      const lockDue = lockingDue(sql)
      const hiresUnder = lockingHires(sql)
      const untilDue = readingNext(sql)

      const amendDue = Effect.fnUntraced(function* (
        limit: number,
        decide: (engagement: Engagement, now: DateTime.Utc) => Amendment,
      ) {
        const subscriptions = yield* lockDue(limit)
        if (subscriptions.length === 0) return []
        const rows = yield* hiresUnder(subscriptions.map(({ subscription_id }) => subscription_id))
        const hires = new Map(rows.map((hire) => [hire.subscription_id, hire]))
        return yield* Effect.forEach(subscriptions, ({ judged_at, ...subscription }) => {
          const hire = hires.get(subscription.subscription_id)
          const before: Engagement = { subscription, hire, goals: [], otherGoals: false }
          const amendment = decide(before, judged_at)
          return Effect.as(store(amendment), { before, after: after(before, amendment) })
        })
      })

      return PeriodsRepo.of({
        amendDue: (limit, decide) => amendDue(limit, decide).pipe(sql.withTransaction, Effect.orDie),
        untilDue: Effect.orDie(Effect.map(untilDue(), ({ left }) => Option.fromNullOr(left))),
      })
    }),
  )
}

// The conditions of these three are those of the partial indexes that find them
const periods = (sql: PgClient.PgClient) =>
  sql`from subscriptions where (status = 'active' or (status = 'past_due' and cancel_at_period_end))`
const debts = (sql: PgClient.PgClient) => sql`from subscriptions where status = 'past_due'`
const trials = (sql: PgClient.PgClient) => sql`from hired_agents where trial_status = 'active'`
const patience = (sql: PgClient.PgClient) => sql`make_interval(days => ${PAST_DUE_DAYS})`

const lockingDue = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Int,
    Result: Schema.Struct({ ...SubscriptionRow.fields, judged_at: Schema.DateTimeUtcFromDate }),
    execute: (limit) =>
      sql`
        select s.*, now() as judged_at from subscriptions s
        where s.subscription_id in (
          select subscription_id ${periods(sql)} and current_period_end <= now()
          union all
          select subscription_id ${debts(sql)} and past_due_since <= now() - ${patience(sql)}
          union all
          select subscription_id ${trials(sql)} and trial_end <= now())
        limit ${limit} for update of s skip locked`,
  })

const lockingHires = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Array(SubscriptionId),
    Result: HireRow,
    execute: (ids) => sql`select * from hired_agents where subscription_id = any(${ids}::text[]) for update`,
  })

const readingNext = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ left: Schema.NullOr(Schema.Finite) }),
    execute: () =>
      sql`
        select (extract(epoch from least(
          (select min(current_period_end) ${periods(sql)}),
          (select min(past_due_since) ${debts(sql)}) + ${patience(sql)},
          (select min(trial_end) ${trials(sql)}),
          (select min(end_date) from trials where status = 'active')) - clock_timestamp()) * 1000)::float8 as left`,
  })
