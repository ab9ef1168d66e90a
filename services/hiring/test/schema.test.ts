/** Hiring's tables: the requirement's names, and states that can't be stored. */
import { PgClient } from "@effect/sql-pg"
import { assert, it, layer } from "@effect/vitest"
import { readScripts } from "@stint/cli/Scripts"
import { migrate } from "@stint/edge/Migrator"
import { Effect } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { emptyDatabase, testDatabase } from "../../../tests/support/Database.ts"

const constraintOf = (statement: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.flip(statement), (error) => (error as { reason: { constraint?: string } }).reason)

const customer = (email: string, phone: string, method: string) =>
  `insert into customer_entity (customer_id, full_name, email, phone, business_name, business_industry,
     business_address, preferred_contact_method, consent, created_at, updated_at, verified_at)
   values (gen_random_uuid(), 'Asha', '${email}', '${phone}', 'b', 'i', 'a', '${method}', true, now(), now(), now())`

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
        "ix_hired_agents_live",
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

  it.effect("have the columns that the requirement names, in its order and of its types", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const columns = yield* sql<{ table: string; column: string }>`
        select table_name as table, column_name || ' ' || udt_name || case is_nullable when 'YES' then '?' else '' end
          as column
        from information_schema.columns where table_schema = 'public' order by table_name, ordinal_position`
      const of = (table: string, count: number) =>
        columns.filter((it) => it.table === table).slice(0, count).map((it) => it.column)
      assert.deepStrictEqual(of("hired_agents", 14), [
        "hired_instance_id varchar",
        "subscription_id varchar",
        "agent_id varchar",
        "customer_id varchar",
        "config jsonb",
        "settings jsonb",
        "configured bool",
        "goals_completed bool",
        "active bool",
        "trial_start timestamptz?",
        "trial_end timestamptz?",
        "trial_status varchar",
        "created_at timestamptz",
        "updated_at timestamptz",
      ])
      assert.deepStrictEqual(of("goal_instances", 7), [
        "goal_instance_id varchar",
        "hired_instance_id varchar",
        "goal_template_id varchar",
        "frequency varchar",
        "settings jsonb",
        "created_at timestamptz",
        "updated_at timestamptz",
      ])
      assert.deepStrictEqual(of("customer_entity", 11), [
        "customer_id varchar",
        "full_name varchar",
        "email varchar",
        "phone varchar",
        "business_name varchar",
        "business_industry varchar",
        "business_address varchar",
        "website varchar?",
        "gst_number varchar?",
        "preferred_contact_method varchar",
        "consent bool",
      ])
      assert.deepStrictEqual(of("trials", 9), [
        "trial_id varchar",
        "agent_id varchar",
        "customer_name varchar",
        "customer_email varchar",
        "company varchar",
        "phone varchar?",
        "start_date timestamptz",
        "end_date timestamptz",
        "status varchar",
      ])
      const unique = yield* sql<{ name: string; rule: string }>`
        select conname as name, pg_get_constraintdef(oid) as rule from pg_constraint
        where contype in ('p', 'u') and conrelid in ('customer_entity'::regclass, 'trials'::regclass,
          'hired_agents'::regclass, 'goal_instances'::regclass, 'subscriptions'::regclass) order by 1`
      assert.deepStrictEqual(unique.map(({ name, rule }) => `${name} ${rule}`), [
        "pk_customer_entity PRIMARY KEY (customer_id)",
        "pk_goal_instances PRIMARY KEY (goal_instance_id)",
        "pk_hired_agents PRIMARY KEY (hired_instance_id)",
        "pk_subscriptions PRIMARY KEY (subscription_id)",
        "pk_trials PRIMARY KEY (trial_id)",
        "uq_hired_agents_subscription_id UNIQUE (subscription_id)",
      ])
      const verified = yield* sql<{ rule: string }>`
        select pg_get_indexdef(indexrelid) as rule from pg_index
        where indisunique and indpred is not null and indrelid = 'customer_entity'::regclass order by 1`
      assert.deepStrictEqual(verified.map(({ rule }) => rule.replace(/^.* USING btree /, "")), [
        "(email) WHERE (verified_at IS NOT NULL)",
        "(phone) WHERE (verified_at IS NOT NULL)",
      ])
    }))

  it.effect("refuse every state that no rule allows", () =>
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
      yield* sql`
        insert into trials (trial_id, agent_id, customer_name, customer_email, company, start_date, end_date,
          created_at, updated_at)
        values ('TRL-1', 'a', 'Mia', 'mia@example.com', 'Smile', now(), now() + interval '7 days', now(), now())`
      yield* sql.unsafe(customer("taken@example.com", "11111", "phone"))
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
        [customer("Asha@example.com", "98765", "email"), "ck_customer_entity_email"],
        [customer("asha@example.com", "98 765", "email"), "ck_customer_entity_phone"],
        [customer("asha@example.com", "98765", "fax"), "ck_customer_entity_preferred_contact_method"],
        [customer("taken@example.com", "98765", "email"), "uq_customer_entity_verified_email"],
        [customer("asha@example.com", "11111", "email"), "uq_customer_entity_verified_phone"],
        ["update trials set status = 'over'", "ck_trials_status"],
        ["update trials set end_date = start_date", "ck_trials_end_date"],
        ["update trials set customer_email = 'Mia@example.com'", "ck_trials_customer_email"],
        ["update goal_instances set frequency = 'hourly'", "ck_goal_instances_frequency"],
        ["update goal_instances set default_at = '9:00'", "ck_goal_instances_default_at"],
        ["update goal_instances set last_run_slot = now()", "ck_goal_instances_last_run"],
        ["update goal_instances set last_run_request = 'REQ-1'", "ck_goal_instances_last_run"],
        [`insert into hiring_outbox (kind, payload) values ('goal', '{"type": "hire"}')`, "ck_hiring_outbox_payload"],
      ]
      for (const [statement, constraint] of refused) {
        const reason = yield* constraintOf(sql.unsafe(statement))
        assert.include(JSON.stringify(reason), constraint, statement)
      }
      const denied = [
        "delete from hired_agents",
        "delete from subscriptions",
        "update hiring_outbox set kind = 'hire'",
        "update customer_entity set email = 'other@example.com'",
        "delete from customer_entity",
      ]
      for (const statement of denied) {
        assert.include(String((yield* Effect.flip(sql.unsafe(statement))).reason._tag), "Authorization", statement)
      }
    }))
})

/** As the owner, who may delete what the service may not. */
layer(testDatabase("hiring", { as: "owner" }))("hiring's tables, for their owner", (it) => {
  it.effect("a hire that is deleted takes its goals along, and its subscription can't go before it", () =>
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
        values ('GOI-1', 'HAI-1', 't', 'daily', now(), now()), ('GOI-2', 'HAI-1', 't', 'weekly', now(), now())`
      const refused = yield* constraintOf(sql`delete from subscriptions`)
      assert.include(JSON.stringify(refused), "fk_hired_agents_subscription_id")
      const orphan = yield* constraintOf(sql`update goal_instances set hired_instance_id = 'HAI-2'`)
      assert.include(JSON.stringify(orphan), "fk_goal_instances_hired_instance_id")
      yield* sql`delete from hired_agents where hired_instance_id = 'HAI-1'`
      assert.deepStrictEqual(yield* sql`select goal_instance_id from goal_instances`, [])
    }))
})

it.live("a migration gives older subscriptions their anchor and the start of being past due", () =>
  Effect.gen(function* () {
    const { migrateUrl: url, runtimeRole } = yield* emptyDatabase("hiring")
    const all = yield* Effect.promise(() => readScripts("hiring"))
    const earlier = all.filter(({ name }) => /^\d/.test(name) && name < "042")
    yield* migrate({ service: "hiring", url, runtimeRole, files: earlier })
    const sql = yield* PgClient.makeClient({ url }).pipe(Effect.provide(Reactivity.layer))
    yield* sql`
      insert into subscriptions (subscription_id, agent_id, customer_id, duration, status, current_period_start,
        current_period_end, created_at, updated_at)
      select 'SUB-' || status, 'a', 'acme', 'monthly', status, '2026-01-31T10:00:00Z', '2026-02-28T10:00:00Z',
        '2026-01-30T10:00:00Z', '2026-02-03T10:00:00Z'
      from unnest(array['pending_payment', 'active', 'past_due']) status`
    yield* migrate({ service: "hiring", url, runtimeRole, files: all })
    const rows = yield* sql`
      select status, anchor_at = current_period_start as anchored, past_due_since = updated_at as owes
      from subscriptions order by status`
    assert.deepStrictEqual(rows, [
      { status: "active", anchored: true, owes: null },
      { status: "past_due", anchored: true, owes: true },
      { status: "pending_payment", anchored: true, owes: null },
    ])
  }))
