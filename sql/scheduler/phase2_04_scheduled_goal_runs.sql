-- Scheduled goal runs: what is to run, and what became of it. Kept 30 days.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table if not exists scheduled_goal_runs (
    scheduled_run_id varchar primary key,
    goal_instance_id varchar not null,
    hired_instance_id varchar,
    scheduled_time timestamptz not null,
    created_at timestamptz not null,
    status varchar not null,
    completed_at timestamptz,
    run_metadata jsonb
);

create index if not exists idx_scheduled_runs_goal_instance_id on scheduled_goal_runs (goal_instance_id);
create index if not exists idx_scheduled_runs_scheduled_time on scheduled_goal_runs (scheduled_time);
create index if not exists idx_scheduled_runs_status on scheduled_goal_runs (status);
create index if not exists idx_scheduled_runs_goal_time on scheduled_goal_runs (goal_instance_id, scheduled_time);

comment on table scheduled_goal_runs is 'Scheduled goal runs for state recovery after restart';
comment on column scheduled_goal_runs.status is 'Run status: pending (not executed), completed (successfully executed), cancelled (skipped)';
comment on column scheduled_goal_runs.run_metadata is 'Additional metadata about the scheduled run';

insert into schema_ledger (name) values ('phase2_04_scheduled_goal_runs') on conflict (name) do nothing;
