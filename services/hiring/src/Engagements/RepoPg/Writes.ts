/** What a transaction writes of engagements: their rows, and what the feed tells of them. */
import type { PgClient } from "@effect/sql-pg"
import { Change } from "@stint/domain/hiring/Feed"
import { DateTime, Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { CHANNEL } from "../../Feed/Channel.ts"
import type { Amendment } from "../Policy.ts"
import { GoalRow, HireRow, SubscriptionRow } from "../Rows.ts"

const encodeChanges = Schema.encodeSync(Schema.Array(Change))

/** The writes, on a client; each runs within the transaction of its caller. */
export const writes = (sql: PgClient.PgClient) => {
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
      insert into subscriptions (subscription_id, agent_id, customer_id, duration, status, anchor_at,
        current_period_start, current_period_end, cancel_at_period_end, past_due_since, ended_at, created_at, updated_at,
        version)
      values (${s.subscription_id}, ${s.agent_id}, ${s.customer_id}, ${s.duration}, ${s.status}, ${s.anchor_at},
        ${s.current_period_start}, ${s.current_period_end}, ${s.cancel_at_period_end},
        ${s.past_due_since}, ${s.ended_at}, ${s.created_at}, ${s.updated_at}, ${s.version})
      on conflict (subscription_id) do update set subscription_id = excluded.subscription_id
      returning *, xmax = 0 as made`,
  })
  const updateSubscription = SqlSchema.void({
    Request: SubscriptionRow,
    execute: (s) =>
      sql`
      update subscriptions set status = ${s.status}, anchor_at = ${s.anchor_at},
        current_period_start = ${s.current_period_start}, current_period_end = ${s.current_period_end},
        cancel_at_period_end = ${s.cancel_at_period_end}, past_due_since = ${s.past_due_since},
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
  // What a goal remembers of its runs is left alone: a run writes that, below
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

  const store = Effect.fnUntraced(function* ({ changes, goals, hire, removed, run, subscription }: Amendment) {
    if (subscription !== undefined) yield* updateSubscription(subscription)
    if (hire !== undefined) yield* putHire(hire)
    yield* Effect.forEach(goals, putGoal, { discard: true })
    if (removed !== undefined) {
      yield* sql`delete from goal_instances where goal_instance_id = ${removed.goal_instance_id}`
    }
    if (run !== undefined) {
      yield* sql`
        update goal_instances
        set last_run_slot = ${DateTime.toDateUtc(run.scheduled_time)}, last_run_request = ${run.request_id}
        where goal_instance_id = ${run.goal_instance_id}`
    }
    yield* tell(changes)
  })

  return { insertSubscription, store, tell }
}
