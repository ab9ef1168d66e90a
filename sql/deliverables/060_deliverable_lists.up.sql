-- Lists of deliverables over all customers: by agent type, by goal, by when they were made.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

-- 0.2.0 writes none
alter table deliverables add column agent_id varchar;

comment on column deliverables.agent_id is 'The agent type of its hire; null when a program of 0.2.0 made the draft.';

create index ix_deliverables_created on deliverables (created_at, deliverable_id) where deleted_at is null;
create index ix_deliverables_goal_created on deliverables (goal_instance_id, created_at, deliverable_id)
  where deleted_at is null;
create index ix_deliverables_agent_created on deliverables (agent_id, created_at, deliverable_id)
  where deleted_at is null and agent_id is not null;

insert into schema_scripts (name) values ('060_deliverable_lists') on conflict (name) do nothing;
