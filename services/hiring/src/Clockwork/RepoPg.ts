/** What time brings, in Postgres: rows are locked, not waited for, so replicas share the work. */
import { PgClient } from "@effect/sql-pg"
import { type DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Amendment } from "../Engagements/Policy.ts"
import { writes } from "../Engagements/RepoPg/Writes.ts"
import { type Engagement, HireRow, SubscriptionRow } from "../Engagements/Rows.ts"
import { PAST_DUE_DAYS } from "../Subscriptions/Policy.ts"
import { ClockworkRepo } from "./Repo.ts"

/** The layer of `ClockworkRepo` over a Postgres client. */
export const layerPg = Layer.effect(
  ClockworkRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const { store } = writes(sql)

    // The conditions of these three are those of the partial indexes that find them
    const periods = sql`from subscriptions where status = 'active' or (status = 'past_due' and cancel_at_period_end)`
    const debts = sql`from subscriptions where status = 'past_due'`
    const trialsOfHires = sql`from hired_agents where trial_status = 'active'`
    const patience = sql`make_interval(days => ${PAST_DUE_DAYS})`

    const locked = SqlSchema.findAll({
      Request: Schema.Int,
      Result: Schema.Struct({ ...SubscriptionRow.fields, judged_at: Schema.DateTimeUtcFromDate }),
      execute: (limit) =>
        sql`
        select s.*, now() as judged_at from subscriptions s
        where s.subscription_id in (
          select subscription_id from subscriptions
            where (status = 'active' or (status = 'past_due' and cancel_at_period_end)) and current_period_end <= now()
          union all
          select subscription_id ${debts} and past_due_since <= now() - ${patience}
          union all
          select subscription_id ${trialsOfHires} and trial_end <= now())
        limit ${limit} for update of s skip locked`,
    })
    const hiresUnder = SqlSchema.findAll({
      Request: Schema.Array(Schema.String),
      Result: HireRow,
      execute: (ids) => sql`select * from hired_agents where subscription_id = any(${ids}::text[]) for update`,
    })
    const expire = SqlSchema.findAll({
      Request: Schema.Int,
      Result: Schema.Struct({ trial_id: Schema.String }),
      execute: (limit) =>
        sql`
        update trials set status = 'expired', updated_at = date_trunc('milliseconds', now())
        where trial_id in (
          select trial_id from trials where status = 'active' and end_date <= now()
          order by end_date limit ${limit} for update skip locked)
        returning trial_id`,
    })
    const next = SqlSchema.findOne({
      Request: Schema.Void,
      Result: Schema.Struct({ left: Schema.NullOr(Schema.Finite) }),
      execute: () =>
        sql`
        select (extract(epoch from least(
          (select min(current_period_end) ${periods}),
          (select min(past_due_since) ${debts}) + ${patience},
          (select min(trial_end) ${trialsOfHires}),
          (select min(end_date) from trials where status = 'active')) - clock_timestamp()) * 1000)::float8 as left`,
    })

    const pass = Effect.fnUntraced(function* (
      limit: number,
      decide: (engagement: Engagement, now: DateTime.Utc) => Amendment,
    ) {
      const subscriptions = yield* locked(limit)
      if (subscriptions.length === 0) return []
      const rows = yield* hiresUnder(subscriptions.map(({ subscription_id }) => subscription_id))
      const hires = new Map(rows.map((hire) => [hire.subscription_id, hire]))
      return yield* Effect.forEach(subscriptions, ({ judged_at, ...subscription }) => {
        const hire = hires.get(subscription.subscription_id)
        const before = { subscription, hire, goals: [], otherGoals: false }
        const amendment = decide(before, judged_at)
        const after = {
          ...before,
          subscription: amendment.subscription ?? subscription,
          hire: amendment.hire ?? hire,
        }
        return Effect.as(store(amendment), { before, after })
      })
    })

    return ClockworkRepo.of({
      pass: (limit, decide) => pass(limit, decide).pipe(sql.withTransaction, Effect.orDie),
      expire: (limit) => Effect.orDie(Effect.map(expire(limit), (rows) => rows.length)),
      untilDue: Effect.orDie(Effect.map(next(), ({ left }) => Option.fromNullOr(left))),
    })
  }),
)
