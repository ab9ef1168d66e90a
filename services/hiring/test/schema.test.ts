/** Hiring's tables: the requirement's names, and states that can't be stored. */
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { testDatabase } from "../../../tests/support/Database.ts"

const constraintOf = (statement: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.flip(statement), (error) => (error as { reason: { constraint?: string } }).reason)

layer(testDatabase("hiring"))("hiring's tables", (it) => {
  it.effect("have the indexes, the cascade and the comments that the requirement names", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const indexes = yield* sql<{ name: string }>`
        select indexname as name from pg_indexes where tablename in ('hired_agents', 'goal_instances') order by 1`
      assert.deepStrictEqual(indexes.map(({ name }) => name), [
        "ix_goal_instances_hired_instance_id",
        "ix_hired_agents_active",
        "ix_hired_agents_agent_id",
        "ix_hired_agents_customer_id",
        "ix_hired_agents_trial_end",
        "ix_hired_agents_trial_status",
        "pk_goal_instances",
        "pk_hired_agents",
        "uq_hired_agents_subscription_id",
      ])
      const [key] = yield* sql<{ rule: string }>`
        select confdeltype::text as rule from pg_constraint where conname = 'fk_goal_instances_hired_instance_id'`
      assert.strictEqual(key!.rule, "c")
      const silent = yield* sql`
        select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'schema_ledger'
          and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null`
      assert.deepStrictEqual(silent, [])
    }))

  it.effect("refuse every state that the rules know not", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* sql`
        insert into subscriptions (subscription_id, agent_id, customer_id, duration, status, anchor_at,
          current_period_start, current_period_end, created_at, updated_at)
        values ('SUB-1', 'a', 'acme', 'monthly', 'active', now(), now(), now() + interval '1 month', now(), now())`
      yield* sql`
        insert into hired_agents (hired_instance_id, subscription_id, agent_id, customer_id, definition_version,
          created_at, updated_at)
        values ('HAI-1', 'SUB-1', 'a', 'acme', '1.0.0', now(), now())`
      yield* sql`
        insert into goal_instances (goal_instance_id, hired_instance_id, goal_template_id, frequency, created_at, updated_at)
        values ('GOI-1', 'HAI-1', 't', 'daily', now(), now())`
      const refused: ReadonlyArray<[string, string]> = [
        ["update subscriptions set status = 'paused'", "ck_subscriptions_status"],
        ["update subscriptions set duration = 'weekly'", "ck_subscriptions_duration"],
        ["update subscriptions set status = 'canceled'", "ck_subscriptions_ended_at"],
        ["update subscriptions set ended_at = now()", "ck_subscriptions_ended_at"],
        ["update subscriptions set status = 'past_due'", "ck_subscriptions_past_due_since"],
        ["update subscriptions set past_due_since = now()", "ck_subscriptions_past_due_since"],
        ["update subscriptions set current_period_end = current_period_start", "ck_subscriptions_period"],
        ["update hired_agents set finalized_at = now()", "ck_hired_agents_finalized_at"],
        ["update hired_agents set active = false", "ck_hired_agents_deactivated_at"],
        ["update hired_agents set deactivated_at = now()", "ck_hired_agents_deactivated_at"],
        [`update hired_agents set configured = true, missing = '[{"path": "$"}]'`, "ck_hired_agents_configured"],
        ["update hired_agents set trial_status = 'active'", "ck_hired_agents_trial"],
        ["update hired_agents set trial_status = 'over'", "ck_hired_agents_trial"],
        ["update hired_agents set config = '[]'", "ck_hired_agents_config"],
        ["update goal_instances set frequency = 'hourly'", "ck_goal_instances_frequency"],
        ["update goal_instances set default_at = '9:00'", "ck_goal_instances_default_at"],
        [`insert into hiring_outbox (kind, payload) values ('goal', '{"type": "hire"}')`, "ck_hiring_outbox_payload"],
      ]
      for (const [statement, constraint] of refused) {
        const reason = yield* constraintOf(sql.unsafe(statement))
        assert.include(JSON.stringify(reason), constraint, statement)
      }
      const denied = ["delete from hired_agents", "delete from subscriptions", "update hiring_outbox set kind = 'hire'"]
      for (const statement of denied) {
        assert.include(String((yield* Effect.flip(sql.unsafe(statement))).reason._tag), "Authorization", statement)
      }
    }))
})
