-- Hired agents and the goals that they pursue.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table hired_agents (
  hired_instance_id varchar not null,
  subscription_id varchar not null,
  agent_id varchar not null,
  customer_id varchar not null,
  config jsonb not null default '{}',
  settings jsonb not null default '{}',
  configured boolean not null default false,
  goals_completed boolean not null default false,
  active boolean not null default true,
  trial_start timestamptz,
  trial_end timestamptz,
  trial_status varchar not null default 'not_started',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint pk_hired_agents primary key (hired_instance_id),
  constraint uq_hired_agents_subscription_id unique (subscription_id),
  constraint fk_hired_agents_subscription_id foreign key (subscription_id) references subscriptions (subscription_id),
  constraint ck_hired_agents_config check (jsonb_typeof(config) = 'object'),
  constraint ck_hired_agents_settings check (jsonb_typeof(settings) = 'object'),
  constraint ck_hired_agents_trial_status
    check (trial_status in ('not_started', 'active', 'ended_converted', 'ended_not_converted')),
  constraint ck_hired_agents_trial check (
    (trial_status = 'not_started') = (trial_start is null)
    and (trial_start is null) = (trial_end is null)
    and (trial_start is null or trial_end > trial_start)
  )
);

create index ix_hired_agents_agent_id on hired_agents (agent_id);
create index ix_hired_agents_customer_id on hired_agents (customer_id);
create index ix_hired_agents_trial_status on hired_agents (trial_status);
create index ix_hired_agents_active on hired_agents (active);

comment on table hired_agents is 'Hired agent instances: an agent type, configured, under a subscription.';
comment on column hired_agents.hired_instance_id is 'Unique identifier for hired agent: HAI- and a time-ordered uuid.';
comment on column hired_agents.subscription_id is 'The subscription that it is hired under; one hire each.';
comment on column hired_agents.agent_id is 'Agent type ID.';
comment on column hired_agents.customer_id is 'Customer who hired agent.';
comment on column hired_agents.config is 'Configuration, as the agent type''s config_schema says.';
comment on column hired_agents.settings is 'Additional runtime settings: execution.';
comment on column hired_agents.configured is 'Whether every required field of the definition is present and valid.';
comment on column hired_agents.goals_completed is 'Whether there is at least one goal.';
comment on column hired_agents.active is 'Whether agent active: false once it is deactivated.';
comment on column hired_agents.trial_start is 'Trial period start timestamp.';
comment on column hired_agents.trial_end is 'Trial period end timestamp: seven days after its start.';
comment on column hired_agents.trial_status is 'not_started -> active -> ended_converted or ended_not_converted; it starts once.';
comment on column hired_agents.created_at is 'Creation timestamp.';
comment on column hired_agents.updated_at is 'Last update timestamp.';

create table goal_instances (
  goal_instance_id varchar not null,
  hired_instance_id varchar not null,
  goal_template_id varchar not null,
  frequency varchar not null,
  settings jsonb not null default '{}',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint pk_goal_instances primary key (goal_instance_id),
  constraint fk_goal_instances_hired_instance_id foreign key (hired_instance_id)
    references hired_agents (hired_instance_id) on delete cascade,
  constraint ck_goal_instances_frequency check (frequency in ('daily', 'weekly', 'monthly', 'on_demand', 'cron')),
  constraint ck_goal_instances_settings check (jsonb_typeof(settings) = 'object')
);

create index ix_goal_instances_hired_instance_id on goal_instances (hired_instance_id);

comment on table goal_instances is 'Each goal activated on a hired agent.';
comment on column goal_instances.goal_instance_id is 'Unique identifier: GOI- and a time-ordered uuid.';
comment on column goal_instances.hired_instance_id is 'Parent hired agent.';
comment on column goal_instances.goal_template_id is 'Reference to goal template of the hired agent''s definition.';
comment on column goal_instances.frequency is 'Execution frequency: daily, weekly, monthly, on_demand or cron.';
comment on column goal_instances.settings is 'Goal-specific settings, schedule included.';
comment on column goal_instances.created_at is 'Creation timestamp.';
comment on column goal_instances.updated_at is 'Last update timestamp.';

insert into schema_ledger (name) values ('011_hired_agents_and_goals') on conflict (name) do nothing;
