/** Engagements in Postgres. */
import { PgClient } from "@effect/sql-pg"
import { SubscriptionStatus } from "@stint/domain/hiring/Subscriptions"
import { Array, type Cause, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import type { Fragment, Statement } from "effect/sql/Statement"
import { subscriptionChange } from "./Policy.ts"
import { EngagementsRepo, type GoalsWanted, type Target } from "./Repo.ts"
import { writes } from "./RepoPg/Writes.ts"
import { type Engagement, GoalRow, type Hired, HireRow, SubscriptionRow } from "./Rows.ts"

const HiredRow = Schema.Struct({
  ...HireRow.fields,
  subscription_status: SubscriptionStatus,
  subscription_ended_at: SubscriptionRow.fields.ended_at,
})

const hiredOf = ({ subscription_ended_at, subscription_status, ...hire }: typeof HiredRow.Type): Hired => ({
  hire,
  subscription: { status: subscription_status, ended_at: subscription_ended_at },
})

/** The rows of a statement, decoded. */
const rowsOf = <S extends Schema.Constraint>(Result: S) =>
  SqlSchema.findAll({ Request: Schema.Any, Result, execute: (statement: Statement<unknown>) => statement })
const subscriptionRows = rowsOf(SubscriptionRow)
const lockedHireRows = rowsOf(Schema.Struct({ ...HireRow.fields, other_goals: Schema.Boolean }))
const hiredRows = rowsOf(HiredRow)
const goalRows = rowsOf(GoalRow)
const slotRows = rowsOf(Schema.Struct({ scheduled_time: Schema.DateTimeUtcFromDate }))

/** The layer of `EngagementsRepo` over a Postgres client. */
export const layerPg = Layer.effect(
  EngagementsRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const { insertSubscription, store, tell } = writes(sql)

    const lock = (target: Target) =>
      "subscription_id" in target
        ? sql`select * from subscriptions where subscription_id = ${target.subscription_id} for update`
        : sql`select * from subscriptions where subscription_id =
                (select subscription_id from hired_agents where hired_instance_id = ${target.hired_instance_id})
              for update`

    const load = Effect.fnUntraced(function* (
      target: Target,
      wanted: GoalsWanted,
    ): Effect.fn.Return<Option.Option<Engagement>, SqlError | Schema.SchemaError> {
      // Whoever writes a hire or a goal holds the subscription first: what is read after this line stays as it is
      const [subscription] = yield* subscriptionRows(lock(target))
      if (subscription === undefined) return Option.none()
      const one = typeof wanted === "object" ? wanted.goal : ""
      const [locked] = yield* lockedHireRows(sql`
        select *, exists (select 1 from goal_instances g
          where g.hired_instance_id = h.hired_instance_id and g.goal_instance_id <> ${one}) as other_goals
        from hired_agents h where subscription_id = ${subscription.subscription_id} for update`)
      if (locked === undefined) return Option.some({ subscription, hire: undefined, goals: [], otherGoals: false })
      const { other_goals: otherGoals, ...hire } = locked
      const of = sql`from goal_instances where hired_instance_id = ${hire.hired_instance_id}`
      const goals = wanted === "none"
        ? []
        : yield* goalRows(wanted === "all" ? sql`select * ${of}` : sql`select * ${of} and goal_instance_id = ${one}`)
      return Option.some({ subscription, hire, goals, otherGoals })
    })

    const hired = (where: Fragment) =>
      Effect.map(
        hiredRows(sql`
          select h.*, s.status as subscription_status, s.ended_at as subscription_ended_at
          from hired_agents h join subscriptions s using (subscription_id) where ${where}`),
        (rows) => rows.map(hiredOf),
      )
    const orDie = <A>(effect: Effect.Effect<A, SqlError | Schema.SchemaError | Cause.NoSuchElementError>) =>
      Effect.orDie(effect)

    return EngagementsRepo.of({
      subscribe: (row) =>
        insertSubscription(row).pipe(
          Effect.tap(({ made }) => made ? tell([subscriptionChange(row)]) : Effect.void),
          Effect.map(({ made: _, ...stored }) => stored),
          sql.withTransaction,
          orDie,
        ),
      amend: (target, wanted, decide) =>
        Effect.gen(function* () {
          const found = yield* Effect.orDie(load(target, wanted))
          if (Option.isNone(found)) return Option.none()
          const engagement = found.value
          const amendment = yield* Effect.fromResult(decide(engagement))
          yield* Effect.orDie(store(amendment))
          const { goals, hire = engagement.hire, subscription = engagement.subscription } = amendment
          return Option.some({ subscription, hire, goals, otherGoals: engagement.otherGoals })
        }).pipe(
          sql.withTransaction,
          // BEGIN and COMMIT fail with SqlError; a decision never does
          Effect.catchIf(isSqlError, Effect.die),
        ),
      subscription: (id) =>
        orDie(Effect.map(
          subscriptionRows(sql`select * from subscriptions where subscription_id = ${id}`),
          Array.head,
        )),
      subscriptions: (customer_id, { after, limit }) =>
        orDie(subscriptionRows(sql`
          select * from subscriptions where customer_id = ${customer_id} and subscription_id > ${after ?? ""}
          order by subscription_id limit ${limit}`)),
      hire: (target) =>
        orDie(Effect.map(
          hired(
            "hired_instance_id" in target
              ? sql`h.hired_instance_id = ${target.hired_instance_id}`
              : sql`h.subscription_id = ${target.subscription_id}`,
          ),
          Array.head,
        )),
      hires: (customer_id, endedBy, { after, limit }) =>
        orDie(hired(sql`
          h.customer_id = ${customer_id} and h.hired_instance_id > ${after ?? ""}
          and (s.ended_at is null or s.ended_at > ${DateTime.toDateUtc(endedBy)})
          order by h.hired_instance_id limit ${limit}`)),
      hiresByTrial: (customer_id, endedBy, { after, limit }) => {
        // An instant of ours has milliseconds, so that a cursor can hold it; what has no end comes last
        const end = sql`coalesce(date_trunc('milliseconds', h.trial_end), 'infinity')`
        const from = after === undefined
          ? sql`'-infinity'::timestamptz`
          : after.trial_end === null
          ? sql`'infinity'::timestamptz`
          : sql`${DateTime.toDateUtc(after.trial_end)}::timestamptz`
        return orDie(hired(sql`
          (s.ended_at is null or s.ended_at > ${DateTime.toDateUtc(endedBy)})
          and (${customer_id ?? null}::text is null or h.customer_id = ${customer_id ?? null})
          and (${end}, h.hired_instance_id) > (${from}, ${after?.hired_instance_id ?? ""})
          order by ${end}, h.hired_instance_id limit ${limit}`))
      },
      allHires: ({ after, limit }) =>
        orDie(hired(sql`h.hired_instance_id > ${after ?? ""} order by h.hired_instance_id limit ${limit}`)),
      hiresOf: (ids) => orDie(hired(sql`h.hired_instance_id = any(${ids}::text[])`)),
      goals: (id, { after, limit }) => {
        // As above: to the millisecond, which is what a cursor can hold
        const made = sql`date_trunc('milliseconds', created_at)`
        const from = after === undefined
          ? sql`'-infinity'::timestamptz`
          : sql`${DateTime.toDateUtc(after.created_at)}::timestamptz`
        return orDie(goalRows(sql`
          select * from goal_instances where hired_instance_id = ${id}
            and (${made}, goal_instance_id) > (${from}, ${after?.goal_instance_id ?? ""})
          order by ${made}, goal_instance_id limit ${limit}`))
      },
      allGoals: ({ after, limit }) =>
        orDie(goalRows(sql`
          select * from goal_instances where goal_instance_id > ${
          after ?? ""
        } order by goal_instance_id limit ${limit}`)),
      goalsOf: (ids) => orDie(goalRows(sql`select * from goal_instances where goal_instance_id = any(${ids}::text[])`)),
      slotOf: (request_id) =>
        orDie(Effect.map(
          slotRows(sql`
            select (payload->>'scheduled_time')::timestamptz as scheduled_time from hiring_outbox
            where kind = 'run' and payload->>'request_id' = ${request_id}`),
          (rows) => Option.map(Array.head(rows), ({ scheduled_time }) => scheduled_time),
        )),
    })
  }),
)
