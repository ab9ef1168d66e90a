/** The table `hired_agents`. */
import type { PgClient } from "@effect/sql-pg"
import { defaults } from "@stint/domain/Bounds"
import { SubscriptionStatus } from "@stint/domain/hiring/SubscriptionStatus"
import { CustomerId, HiredInstanceId, SubscriptionId } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { type DateTime, Effect, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Stretch, Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import type { Target } from "../Repo.ts"
import { type Hired, type HiredState, HireRow, HireState, SubscriptionRow } from "../Row.ts"

const Instant = InstantColumn

/** A place among hires by the end of their trial: that end, null for a trial that has not started, and the hire's id. */
export const TrialPlace = Schema.Struct({ trial_end: Schema.NullOr(Instant), hired_instance_id: Schema.String })
export type TrialPlace = typeof TrialPlace.Type

/** Any text: a row with an id of another form is named as well. */
export const HireKey = Schema.Struct({ hired_instance_id: Schema.String })
export type HireKey = typeof HireKey.Type

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
  ): Effect.Effect<Taken<HiredState, TrialPlace>>
  /** Every customer's, by id. */
  states(stretch: Stretch<string>): Effect.Effect<Taken<HiredState, HireKey>>
  /** Those of the ids that exist, by id. */
  byIds(ids: ReadonlyArray<HiredInstanceId>): Effect.Effect<Taken<Hired, HireKey>>
}

const ofSubscription = {
  subscription_status: SubscriptionStatus,
  subscription_ended_at: SubscriptionRow.fields.ended_at,
}
const HiredRow = Schema.Struct({ ...HireRow.fields, ...ofSubscription })
/** A hire without its documents, with its subscription's state. */
export const StateRow = Schema.Struct({ ...HireState.fields, ...ofSubscription })

/** The hire and its subscription's state of such a row, or of one with the documents. */
export const hiredOf = <Row extends typeof StateRow.Type>(
  { subscription_ended_at, subscription_status, ...hire }: Row,
) => ({
  hire,
  subscription: { status: subscription_status, ended_at: subscription_ended_at },
})

const eachHired = <Row extends typeof StateRow.Type, Key>({ entries, ...taken }: Taken<Row, Key>) => ({
  ...taken,
  entries: entries.map(({ key, row }) => ({ key, row: row && hiredOf(row) })),
})

/** How many faults of a hire are read; what was stored before their number was bounded has more (`MissingRow`). */
const FAULTS = defaults.faults

/** The columns of a hire `h` without its documents. */
export const stateColumns = (sql: PgClient.PgClient) =>
  sql.csv(Object.keys(HireState.fields).map((column) => sql`h.${sql(column)}`))

/** The columns of a hire `h`. */
export const hireColumns = (sql: PgClient.PgClient) =>
  sql`${stateColumns(sql)}, h.config, h.settings,
    case when jsonb_typeof(h.missing) = 'array' and jsonb_array_length(h.missing) > ${FAULTS + 1}::int
      then jsonb_path_query_array(h.missing, ${`$[0 to ${FAULTS - 1}]`}::jsonpath) || jsonb_build_array(
        jsonb_build_object('path', '$', 'message', 'and more', 'omitted', jsonb_array_length(h.missing) - ${FAULTS}::int))
      else h.missing end as missing`

/** The statements; those that lock or write belong in a transaction of their caller. */
export const hireStatements = (sql: PgClient.PgClient) => ({
  reads: reading(sql),
  lock: locking(sql),
  put: putting(sql),
  announced: announced(sql),
})

const reading = (sql: PgClient.PgClient): HireReads => {
  const joined = sql`
    s.status as subscription_status, s.ended_at as subscription_ended_at
    from hired_agents h join subscriptions s using (subscription_id)`
  const whole = sql`select ${hireColumns(sql)}, ${joined}`
  const states = sql`select ${stateColumns(sql)}, ${joined}`

  const bySubscription = SqlSchema.findOneOption({
    Request: SubscriptionId,
    Result: HiredRow,
    execute: (id) => sql`${whole} where h.subscription_id = ${id}`,
  })
  const byId = SqlSchema.findOneOption({
    Request: HiredInstanceId,
    Result: HiredRow,
    execute: (id) => sql`${whole} where h.hired_instance_id = ${id}`,
  })
  const byIds = findReadable(sql, {
    what: "hires",
    Request: Schema.Array(HiredInstanceId),
    Key: HireKey,
    Result: HiredRow,
    query: (ids) => sql`${whole} where h.hired_instance_id = any(${ids}::text[]) order by h.hired_instance_id`,
  })
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
      sql`${whole}
        where h.customer_id = ${customer_id} and h.hired_instance_id > ${after}
          and (s.ended_at is null or s.ended_at > ${endedBy})
        order by h.hired_instance_id limit ${limit}`,
  })
  // Ends are compared by the millisecond, which is what a cursor holds; a trial without an end comes last
  const end = sql`coalesce(date_trunc('milliseconds', h.trial_end), 'infinity')`
  const listByTrial = findReadable(sql, {
    what: "trials",
    Request: Schema.Struct({
      customer_id: Schema.NullOr(CustomerId),
      endedBy: Instant,
      after: Schema.UndefinedOr(TrialPlace),
      limit: Schema.Int,
    }),
    Key: TrialPlace,
    Result: StateRow,
    query: ({ after, customer_id, endedBy, limit }) =>
      sql`${states}
        where (s.ended_at is null or s.ended_at > ${endedBy})
          and (${customer_id}::text is null or h.customer_id = ${customer_id})
          and (${end}, h.hired_instance_id) > (${
        after === undefined ? sql`'-infinity'` : after.trial_end === null ? sql`'infinity'` : sql`${after.trial_end}`
      }::timestamptz, ${after?.hired_instance_id ?? ""})
        order by ${end}, h.hired_instance_id limit ${limit}`,
  })
  const all = findReadable(sql, {
    what: "hires",
    Request: Schema.Struct({ after: Schema.UndefinedOr(Schema.String), limit: Schema.Int }),
    Key: HireKey,
    Result: StateRow,
    query: ({ after = "", limit }) =>
      sql`${states} where h.hired_instance_id > ${after} order by h.hired_instance_id limit ${limit}`,
  })

  return {
    find: (target) =>
      Effect.orDie(Effect.map(
        "hired_instance_id" in target ? byId(target.hired_instance_id) : bySubscription(target.subscription_id),
        Option.map(hiredOf),
      )),
    list: (customer_id, endedBy, stretch) =>
      Effect.orDie(Effect.map(list({ customer_id, endedBy, ...stretch }), eachHired)),
    listByTrial: (customer_id, endedBy, stretch) =>
      Effect.orDie(Effect.map(listByTrial({ customer_id: customer_id ?? null, endedBy, ...stretch }), eachHired)),
    states: (stretch) => Effect.orDie(Effect.map(all(stretch), eachHired)),
    byIds: (ids) => Effect.orDie(Effect.map(byIds(ids), eachHired)),
  }
}

/** Says that the feed was told of hires; in the transaction that told it, and that has locked or written them. */
export const announced = (sql: PgClient.PgClient) => (ids: ReadonlyArray<string>) =>
  sql<HireKey>`delete from unannounced_hires where hired_instance_id = any(${ids}::text[]) returning hired_instance_id`

/** The hire of a subscription, and whether it has goals besides `goal`. */
const locking = (sql: PgClient.PgClient) => {
  const lock = SqlSchema.findOneOption({
    Request: Schema.Struct({ subscription_id: SubscriptionId, goal: Schema.NullOr(Schema.String) }),
    Result: Schema.Struct({ ...HireRow.fields, other_goals: Schema.Boolean }),
    execute: ({ goal, subscription_id }) =>
      sql`
        select ${hireColumns(sql)}, exists (select 1 from goal_instances g
          where g.hired_instance_id = h.hired_instance_id and g.goal_instance_id is distinct from ${goal}) as other_goals
        from hired_agents h where subscription_id = ${subscription_id} for update`,
  })
  return (subscription_id: SubscriptionId, goal: string | null) =>
    Effect.orDie(Effect.map(
      lock({ subscription_id, goal }),
      Option.map(({ other_goals: otherGoals, ...hire }) => ({ hire, otherGoals })),
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
