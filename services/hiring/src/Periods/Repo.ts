/** Engagements at which something is due. The database's clock judges, and replicas share the work. */
import { PgClient } from "@effect/sql-pg"
import type { NewActionLine } from "@stint/domain/ActionLine"
import { InstantColumn } from "@stint/domain/Instants"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import { oneLine } from "@stint/edge/OutageLog"
import { isSqlUnavailable } from "@stint/edge/Pg"
import { findReadable } from "@stint/edge/Pg/Rows"
import { setAside } from "@stint/edge/Unreadable"
import { Cause, Context, type DateTime, Effect, Exit, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { after, type Amendment } from "../Engagements/Amendment.ts"
import { hireColumns } from "../Engagements/Repo/Hires.ts"
import { storing } from "../Engagements/Repo/Write.ts"
import { type Engagement, HireRow, SubscriptionRow } from "../Engagements/Row.ts"
import { PAST_DUE_DAYS } from "../Subscriptions/Policy.ts"

/** An engagement at which something was due. */
export interface Passed {
  readonly before: Engagement
  readonly after: Engagement
}

/** What a transaction wrote, and whether there may be more that is due. */
export interface Batch {
  readonly passed: ReadonlyArray<Passed>
  readonly more: boolean
}

/** What is due by time alone. */
export class PeriodsRepo extends Context.Service<PeriodsRepo, {
  /**
   * In one transaction: locks up to `limit` engagements at which something is due, skips those that another transaction
   * holds and those that are `aside`, decides on each, and stores the amendments, their changes, and the line of the action
   * log that `record` makes of them. One that can't be read, decided or stored is added to `aside`, and the others go on.
   */
  amendDue(
    limit: number,
    aside: Set<string>,
    decide: (engagement: Engagement, now: DateTime.Utc) => Amendment,
    record: (passed: ReadonlyArray<Passed>) => NewActionLine | undefined,
  ): Effect.Effect<Batch>
  /**
   * Milliseconds until something is due, 0 or less when it is; none when nothing will be. Lead trials included,
   * subscriptions that are `aside` left out.
   */
  untilDue(aside: ReadonlySet<string>): Effect.Effect<Option.Option<number>>
}>()("hiring/PeriodsRepo") {
  static readonly layer = Layer.effect(
    PeriodsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const store = yield* storing
      const log = yield* ActionLogRepo
      const lockDue = lockingDue(sql)
      const hiresUnder = lockingHires(sql)
      const untilDue = readingNext(sql)

      /** The hires of these subscriptions, however many bytes they are together. */
      const lockHires = Effect.fnUntraced(function* (subscriptions: ReadonlyArray<string>) {
        const found = new Map<string, { readonly row: HireRow | undefined }>()
        for (let left = subscriptions; left.length > 0;) {
          const { entries, more } = yield* hiresUnder(left)
          for (const { key, row } of entries) found.set(key.subscription_id, { row })
          if (!more) break
          left = left.filter((id) => !found.has(id))
        }
        return found
      })

      const setOneAside = (aside: Set<string>, id: string, why: string) => {
        aside.add(id)
        return setAside("subscriptions", id, why)
      }

      const amendDue = Effect.fnUntraced(function* (
        limit: number,
        aside: Set<string>,
        decide: (engagement: Engagement, now: DateTime.Utc) => Amendment,
      ) {
        const { entries, more } = yield* lockDue({ limit, aside: [...aside] })
        const hires = yield* lockHires(entries.map(({ key }) => key.subscription_id))
        const passed: Array<Passed> = []
        for (const { key: { subscription_id: id }, row } of entries) {
          const hire = hires.get(id)
          if (row === undefined || (hire !== undefined && hire.row === undefined)) {
            yield* setOneAside(aside, id, "it, or its hire, can't be read: its periods and trial don't go on")
            continue
          }
          const { judged_at, ...subscription } = row
          const before: Engagement = { subscription, hire: hire?.row, goals: [], otherGoals: false }
          const one = Effect.suspend(() => {
            const amendment = decide(before, judged_at)
            return Effect.as(store(amendment), { before, after: after(before, amendment) })
          })
          // A savepoint: one that can't be stored takes no other along
          const exit = yield* Effect.exit(sql.withTransaction(one))
          if (Exit.isSuccess(exit)) passed.push(exit.value)
          else if (isSqlUnavailable(Cause.squash(exit.cause)) || Cause.hasInterrupts(exit.cause)) {
            return yield* Effect.failCause(exit.cause)
          } else yield* setOneAside(aside, id, `what is due of it can't be written: ${oneLine(exit.cause)}`)
        }
        return { passed, more: more || entries.length === limit }
      })

      return PeriodsRepo.of({
        amendDue: (limit, aside, decide, record) =>
          amendDue(limit, aside, decide).pipe(
            Effect.tap(({ passed }) => {
              const line = record(passed)
              return line === undefined ? Effect.void : log.write(line)
            }),
            sql.withTransaction,
            Effect.orDie,
          ),
        untilDue: (aside) => Effect.orDie(Effect.map(untilDue([...aside]), ({ left }) => Option.fromNullOr(left))),
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

const Key = Schema.Struct({ subscription_id: Schema.String })

const lockingDue = (sql: PgClient.PgClient) =>
  findReadable(sql, {
    what: "subscriptions",
    Request: Schema.Struct({ limit: Schema.Int, aside: Schema.Array(Schema.String) }),
    Key,
    Result: Schema.Struct({ ...SubscriptionRow.fields, judged_at: InstantColumn }),
    query: ({ aside, limit }) =>
      sql`
        select s.*, now() as judged_at from subscriptions s
        where s.subscription_id in (
          select subscription_id ${periods(sql)} and current_period_end <= now()
          union all
          select subscription_id ${debts(sql)} and past_due_since <= now() - ${patience(sql)}
          union all
          select subscription_id ${trials(sql)} and trial_end <= now())
          and s.subscription_id <> all(${aside}::text[])
        limit ${limit} for update of s skip locked`,
  })

const lockingHires = (sql: PgClient.PgClient) =>
  findReadable(sql, {
    what: "hires",
    Request: Schema.Array(Schema.String),
    Key,
    Result: HireRow,
    query: (ids) =>
      sql`select ${hireColumns(sql)} from hired_agents h where subscription_id = any(${ids}::text[]) for update`,
  })

const readingNext = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: Schema.Array(Schema.String),
    Result: Schema.Struct({ left: Schema.NullOr(Schema.Finite) }),
    execute: (aside) => {
      const others = aside.length === 0 ? sql`` : sql`and subscription_id <> all(${aside}::text[])`
      return sql`
        select (extract(epoch from least(
          (select min(current_period_end) ${periods(sql)} ${others}),
          (select min(past_due_since) ${debts(sql)} ${others}) + ${patience(sql)},
          (select min(trial_end) ${trials(sql)} ${others}),
          (select min(end_date) from trials where status = 'active')) - clock_timestamp()) * 1000)::float8 as left`
    },
  })
