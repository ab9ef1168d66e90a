/** The table `hired_agents`. */
import type { PgClient } from "@effect/sql-pg"
import type { Values } from "@stint/domain/Bounds"
import { SubscriptionStatus } from "@stint/domain/hiring/Subscriptions"
import { CustomerId, HiredInstanceId, SubscriptionId } from "@stint/domain/Ids"
import { type DateTime, Effect, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Statement } from "effect/sql/Statement"
import type { Stretch, Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import type { Target } from "../Repo.ts"
import { type Hired, HireRow, SubscriptionRow } from "../Row.ts"

const Instant = Schema.DateTimeUtcFromDate

/** A place among hires by the end of their trial: that end, null for a trial that has not started, and the hire's id. */
export const TrialPlace = Schema.Struct({ trial_end: Schema.NullOr(Instant), hired_instance_id: Schema.String })
export type TrialPlace = typeof TrialPlace.Type

const HireKey = Schema.Struct({ hired_instance_id: Schema.String })
type HireKey = typeof HireKey.Type

/** Reads of hires, each with its subscription's state. */
export interface HireReads {
  find(target: Target): Effect.Effect<Option.Option<Hired>>
  /** A customer's, by id, without those whose subscription ended at `endedBy` or before. */
  list(
    customer_id: CustomerId,
    endedBy: DateTime.Utc,
    stretch: Stretch<string>,
  ): Effect.Effect<Taken<Hired, HireKey>>
  /** As `list`, by the end of the trial, those without one last; of all customers when none is given. */
  listByTrial(
    customer_id: CustomerId | undefined,
    endedBy: DateTime.Utc,
    stretch: Stretch<TrialPlace>,
  ): Effect.Effect<ReadonlyArray<Hired>>
  /** Every customer's, by id. */
  all(stretch: Stretch<string>): Effect.Effect<ReadonlyArray<Hired>>
  /** Those of the ids that exist, in no order. */
  byIds(ids: ReadonlyArray<HiredInstanceId>): Effect.Effect<ReadonlyArray<Hired>>
}

/** The faults that are left out of a row: one of before the bound may have hundreds of thousands. */
const cut = { missing_left_out: Schema.Int }

const HiredRow = Schema.Struct({
  ...HireRow.fields,
  ...cut,
  subscription_status: SubscriptionStatus,
  subscription_ended_at: SubscriptionRow.fields.ended_at,
})

const CutHire = Schema.Struct({ ...HireRow.fields, ...cut })

const hireOf = ({ missing_left_out, ...hire }: typeof CutHire.Type): HireRow =>
  missing_left_out === 0 ? hire : {
    ...hire,
    missing: hire.missing.map((one, index) =>
      index === hire.missing.length - 1 ? { ...one, omitted: missing_left_out } : one
    ),
  }

const hiredOf = ({ subscription_ended_at, subscription_status, ...hire }: typeof HiredRow.Type): Hired => ({
  hire: hireOf(hire),
  subscription: { status: subscription_status, ended_at: subscription_ended_at },
})

/** The columns of `hired_agents` as `h`, with the first faults of `missing`. */
const columns = (sql: PgClient.PgClient, { faults }: Values) => {
  const others = Object.keys(HireRow.fields).filter((name) => name !== "missing").map((name) => `h.${name}`).join(", ")
  return sql.literal(`${others},
      case when jsonb_typeof(h.missing) = 'array' then jsonb_path_query_array(h.missing, '$[0 to ${faults - 1}]')
        else h.missing end as missing,
      case when jsonb_typeof(h.missing) = 'array' then greatest(jsonb_array_length(h.missing) - ${faults}, 0)
        else 0 end as missing_left_out`)
}

/** The statements; those that lock or write belong in a transaction of their caller. */
export const hireStatements = (sql: PgClient.PgClient, bounds: Values) => ({
  reads: reading(sql, bounds),
  lock: locking(sql, bounds),
  put: putting(sql),
})

const reading = (sql: PgClient.PgClient, bounds: Values): HireReads => {
  const selected = sql`
    select ${columns(sql, bounds)}, s.status as subscription_status, s.ended_at as subscription_ended_at
    from hired_agents h join subscriptions s using (subscription_id)`
  const finding = <Request extends Schema.Constraint>(
    Request: Request,
    execute: (request: Request["Encoded"]) => Statement<unknown>,
  ) => SqlSchema.findAll({ Request, Result: HiredRow, execute })
  const hired = <A extends typeof HiredRow.Type, E, R>(rows: Effect.Effect<ReadonlyArray<A>, E, R>) =>
    Effect.orDie(Effect.map(rows, (all) => all.map(hiredOf)))

  const byIds = finding(
    Schema.Array(HiredInstanceId),
    (ids) => sql`${selected} where h.hired_instance_id = any(${ids}::text[])`,
  )
  const bySubscription = finding(SubscriptionId, (id) => sql`${selected} where h.subscription_id = ${id}`)
  const list = findReadable(sql, {
    what: "hires",
    Request: Schema.Struct({
      customer_id: CustomerId,
      endedBy: Instant,
      after: Schema.UndefinedOr(Schema.String),
      limit: Schema.Int,
    }),
    Key: HireKey,
    Result: HiredRow,
    query: ({ after = "", customer_id, endedBy, limit }) =>
      sql`${selected}
        where h.customer_id = ${customer_id} and h.hired_instance_id > ${after}
          and (s.ended_at is null or s.ended_at > ${endedBy})
        order by h.hired_instance_id limit ${limit}`,
  })
  // Ends are compared by the millisecond, which is what a cursor holds; a trial without an end comes last
  const end = sql`coalesce(date_trunc('milliseconds', h.trial_end), 'infinity')`
  const listByTrial = finding(
    Schema.Struct({
      customer_id: Schema.NullOr(CustomerId),
      endedBy: Instant,
      after: Schema.UndefinedOr(TrialPlace),
      limit: Schema.Int,
    }),
    ({ after, customer_id, endedBy, limit }) =>
      sql`${selected}
        where (s.ended_at is null or s.ended_at > ${endedBy})
          and (${customer_id}::text is null or h.customer_id = ${customer_id})
          and (${end}, h.hired_instance_id) > (${
        after === undefined ? sql`'-infinity'` : after.trial_end === null ? sql`'infinity'` : sql`${after.trial_end}`
      }::timestamptz, ${after?.hired_instance_id ?? ""})
        order by ${end}, h.hired_instance_id limit ${limit}`,
  )
  const all = finding(
    Schema.Struct({ after: Schema.UndefinedOr(Schema.String), limit: Schema.Int }),
    ({ after = "", limit }) =>
      sql`${selected} where h.hired_instance_id > ${after} order by h.hired_instance_id limit ${limit}`,
  )

  return {
    find: (target) =>
      Effect.map(
        hired(
          "hired_instance_id" in target ? byIds([target.hired_instance_id]) : bySubscription(target.subscription_id),
        ),
        ([found]) => Option.fromUndefinedOr(found),
      ),
    list: (customer_id, endedBy, stretch) =>
      Effect.orDie(Effect.map(list({ customer_id, endedBy, ...stretch }), (taken) => ({
        ...taken,
        entries: taken.entries.map(({ key, row }) => ({ key, row: row && hiredOf(row) })),
      }))),
    listByTrial: (customer_id, endedBy, stretch) =>
      hired(listByTrial({ customer_id: customer_id ?? null, endedBy, ...stretch })),
    all: (stretch) => hired(all(stretch)),
    byIds: (ids) => hired(byIds(ids)),
  }
}

/** The hire of a subscription, and whether it has goals besides `goal`. */
const locking = (sql: PgClient.PgClient, bounds: Values) => {
  const lock = SqlSchema.findOneOption({
    Request: Schema.Struct({ subscription_id: SubscriptionId, goal: Schema.NullOr(Schema.String) }),
    Result: Schema.Struct({ ...CutHire.fields, other_goals: Schema.Boolean }),
    execute: ({ goal, subscription_id }) =>
      sql`
        select ${columns(sql, bounds)}, exists (select 1 from goal_instances g
          where g.hired_instance_id = h.hired_instance_id and g.goal_instance_id is distinct from ${goal}) as other_goals
        from hired_agents h where subscription_id = ${subscription_id} for update`,
  })
  return (subscription_id: SubscriptionId, goal: string | null) =>
    Effect.orDie(Effect.map(
      lock({ subscription_id, goal }),
      Option.map(({ other_goals: otherGoals, ...hire }) => ({ hire: hireOf(hire), otherGoals })),
    ))
}

const putting = (sql: PgClient.PgClient) =>
  SqlSchema.void({
    Request: HireRow,
    execute: (h) =>
      sql`
        insert into hired_agents (hired_instance_id, subscription_id, agent_id, customer_id, definition_version, config,
          settings, configured, missing, timezone, goals_completed, active, finalized_at, deactivated_at, trial_start,
          trial_end, trial_status, created_at, updated_at, version)
        values (${h.hired_instance_id}, ${h.subscription_id}, ${h.agent_id}, ${h.customer_id}, ${h.definition_version},
          ${sql.json(h.config)}, ${sql.json(h.settings)}, ${h.configured}, ${sql.json(h.missing)}, ${h.timezone},
          ${h.goals_completed}, ${h.active}, ${h.finalized_at}, ${h.deactivated_at}, ${h.trial_start}, ${h.trial_end},
          ${h.trial_status}, ${h.created_at}, ${h.updated_at}, ${h.version})
        on conflict (hired_instance_id) do update set
          definition_version = excluded.definition_version, config = excluded.config, settings = excluded.settings,
          configured = excluded.configured, missing = excluded.missing, timezone = excluded.timezone,
          goals_completed = excluded.goals_completed, active = excluded.active, finalized_at = excluded.finalized_at,
          deactivated_at = excluded.deactivated_at, trial_start = excluded.trial_start,
          trial_end = excluded.trial_end, trial_status = excluded.trial_status, updated_at = excluded.updated_at,
          version = excluded.version`,
  })
