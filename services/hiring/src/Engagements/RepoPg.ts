/** Engagements in Postgres. */
import { PgClient } from "@effect/sql-pg"
import { Change } from "@stint/domain/Feed"
import { SubscriptionStatus } from "@stint/domain/Subscriptions"
import { Array, type Cause, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import type { Fragment, Statement } from "effect/sql/Statement"
import { CHANNEL } from "../Feed/Channel.ts"
import { type Amendment, subscriptionChange } from "./Policy.ts"
import { EngagementsRepo, type GoalsWanted, type Target } from "./Repo.ts"
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

const encodeChanges = Schema.encodeSync(Schema.Array(Change))

/** The layer of `EngagementsRepo` over a Postgres client. */
export const layerPg = Layer.effect(
  EngagementsRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient

    // One NOTIFY a transaction: it is a hint, the followers' query is the truth
    const tell = (changes: ReadonlyArray<Change>) =>
      changes.length === 0 ? Effect.void : Effect.asVoid(sql`
        with written as (
          insert into hiring_outbox (kind, payload)
          select change->>'type', change
          from jsonb_array_elements(${sql.json(encodeChanges(changes))}::jsonb) with ordinality as told (change, place)
          order by place
          on conflict ((payload->>'request_id')) where kind = 'run' do nothing
        )
        select pg_notify(${CHANNEL}, '')`)

    const insertSubscription = SqlSchema.findOne({
      Request: SubscriptionRow,
      Result: Schema.Struct({ ...SubscriptionRow.fields, made: Schema.Boolean }),
      execute: (s) =>
        sql`
        insert into subscriptions (subscription_id, agent_id, customer_id, duration, status, current_period_start,
          current_period_end, cancel_at_period_end, ended_at, created_at, updated_at, version)
        values (${s.subscription_id}, ${s.agent_id}, ${s.customer_id}, ${s.duration}, ${s.status},
          ${s.current_period_start}, ${s.current_period_end}, ${s.cancel_at_period_end}, ${s.ended_at},
          ${s.created_at}, ${s.updated_at}, ${s.version})
        on conflict (subscription_id) do update set subscription_id = excluded.subscription_id
        returning *, xmax = 0 as made`,
    })
    const updateSubscription = SqlSchema.void({
      Request: SubscriptionRow,
      execute: (s) =>
        sql`
        update subscriptions set status = ${s.status}, current_period_start = ${s.current_period_start},
          current_period_end = ${s.current_period_end}, cancel_at_period_end = ${s.cancel_at_period_end},
          ended_at = ${s.ended_at}, updated_at = ${s.updated_at}, version = ${s.version}
        where subscription_id = ${s.subscription_id}`,
    })
    const putHire = SqlSchema.void({
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
    const putGoal = SqlSchema.void({
      Request: GoalRow,
      execute: (g) =>
        sql`
        insert into goal_instances (goal_instance_id, hired_instance_id, goal_template_id, frequency, settings, enabled,
          default_at, created_at, updated_at, version)
        values (${g.goal_instance_id}, ${g.hired_instance_id}, ${g.goal_template_id}, ${g.frequency},
          ${sql.json(g.settings)}, ${g.enabled}, ${g.default_at}, ${g.created_at}, ${g.updated_at}, ${g.version})
        on conflict (goal_instance_id) do update set
          goal_template_id = excluded.goal_template_id, frequency = excluded.frequency, settings = excluded.settings,
          enabled = excluded.enabled, default_at = excluded.default_at, updated_at = excluded.updated_at,
          version = excluded.version`,
    })

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

    const store = Effect.fnUntraced(function* ({ changes, goals, hire, removed, subscription }: Amendment) {
      if (subscription !== undefined) yield* updateSubscription(subscription)
      if (hire !== undefined) yield* putHire(hire)
      yield* Effect.forEach(goals, putGoal, { discard: true })
      if (removed !== undefined) {
        yield* sql`delete from goal_instances where goal_instance_id = ${removed.goal_instance_id}`
      }
      yield* tell(changes)
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
      allHires: ({ after, limit }) =>
        orDie(hired(sql`h.hired_instance_id > ${after ?? ""} order by h.hired_instance_id limit ${limit}`)),
      hiresOf: (ids) => orDie(hired(sql`h.hired_instance_id = any(${ids}::text[])`)),
      goals: (id) =>
        orDie(goalRows(sql`select * from goal_instances where hired_instance_id = ${id} order by goal_instance_id`)),
      allGoals: ({ after, limit }) =>
        orDie(goalRows(sql`
          select * from goal_instances where goal_instance_id > ${
          after ?? ""
        } order by goal_instance_id limit ${limit}`)),
      goalsOf: (ids) => orDie(goalRows(sql`select * from goal_instances where goal_instance_id = any(${ids}::text[])`)),
    })
  }),
)
