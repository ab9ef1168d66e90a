-- The check of a definition, and the migration of hires to one, read the live hires of an agent type by id, page by page.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create index ix_hired_agents_live on hired_agents (agent_id, hired_instance_id) where active;

insert into schema_scripts (name) values ('120_live_hires') on conflict (name) do nothing;
