-- Goal runs: one row an execution, unique by its idempotency key. Kept 90 days.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table if not exists goal_runs (
    run_id varchar primary key,
    goal_instance_id varchar not null,
    idempotency_key varchar unique not null,
    status varchar not null,
    started_at timestamptz not null,
    completed_at timestamptz,
    deliverable_id varchar,
    error_details jsonb,
    duration_ms integer
);

create index if not exists idx_goal_runs_goal_instance_id on goal_runs (goal_instance_id);
create index if not exists idx_goal_runs_status on goal_runs (status);

comment on table goal_runs is 'Goal run tracking with idempotency guarantees to prevent duplicate executions';
comment on column goal_runs.idempotency_key is 'Unique key (goal_instance_id + UTC instant of the slot) to prevent duplicate runs';
comment on column goal_runs.status is 'Execution status: pending (queued), running (executing), completed (success), failed (error)';
comment on column goal_runs.deliverable_id is 'Reference to deliverable created by this run (if successful)';
comment on column goal_runs.duration_ms is 'Execution time in milliseconds for performance tracking';

insert into schema_ledger (name) values ('phase2_05_goal_runs') on conflict (name) do nothing;
