-- How many approvals of a customer wait to be executed, and how many deliveries of it failed for good, are counted from indexes.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create index ix_deliverables_approved_waiting on deliverables (customer_id)
  where review_status = 'approved' and execution_status = 'not_executed' and not executing and deleted_at is null;
create index ix_executions_failed on executions (customer_id) where state = 'failed' and refusal is null;

insert into schema_scripts (name) values ('100_what_waits') on conflict (name) do nothing;
