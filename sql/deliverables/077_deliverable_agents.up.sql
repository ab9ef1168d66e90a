-- Deliverables of programs of 0.2.0 get the agent type of their hire, in the background.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

-- Those that wait for it, by hire; empty once all have it
create index ix_deliverables_without_agent on deliverables (hired_instance_id)
  where agent_id is null and deleted_at is null;

-- What was drafted is the same: no reader's ETag changes
create or replace function deliverables_version() returns trigger language plpgsql as $version$
begin
  new.version := old.version + case when old.agent_id is null and new.agent_id is not null then 0 else 1 end;
  return new;
end
$version$;

insert into schema_scripts (name) values ('077_deliverable_agents') on conflict (name) do nothing;
