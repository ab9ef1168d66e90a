-- What the life of a hire and of a goal needs beyond the requirement's columns.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

alter table hired_agents
  add column definition_version varchar not null,
  add column missing jsonb not null default '[]',
  add column timezone varchar not null default 'UTC',
  add column finalized_at timestamptz,
  add column deactivated_at timestamptz,
  add column version bigint not null default 1,
  add constraint ck_hired_agents_missing check (jsonb_typeof(missing) = 'array'),
  add constraint ck_hired_agents_configured check (not configured or missing = '[]'),
  add constraint ck_hired_agents_finalized_at check (finalized_at is null or configured),
  add constraint ck_hired_agents_deactivated_at check (active = (deactivated_at is null)),
  add constraint ck_hired_agents_version check (version > 0);

comment on column hired_agents.definition_version is 'Version of the agent type''s definition, pinned at the first draft.';
comment on column hired_agents.missing is 'What keeps it from being configured: [{path, message}]; empty when it is.';
comment on column hired_agents.timezone is 'Zone that its goals run in, taken from config when that is written; UTC when it has none.';
comment on column hired_agents.finalized_at is 'When it was finalized; null while it is a draft.';
comment on column hired_agents.deactivated_at is 'When it was deactivated, which is final.';
comment on column hired_agents.version is 'Grows with every write, so that a reader of the feed recognises an old change.';

alter table goal_instances
  add column enabled boolean not null default true,
  add column default_at varchar,
  add column version bigint not null default 1,
  add constraint ck_goal_instances_default_at check (default_at ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  add constraint ck_goal_instances_version check (version > 0);

comment on column goal_instances.enabled is 'Whether it runs: false stops it without losing it.';
comment on column goal_instances.default_at is 'Local time HH:MM that schedule.at defaults to, when the goal''s own settings say one.';
comment on column goal_instances.version is 'Grows with every write, so that a reader of the feed recognises an old change.';

insert into schema_ledger (name) values ('030_hire_and_goal_lifecycle') on conflict (name) do nothing;
