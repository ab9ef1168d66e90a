-- Lists of runs that were cancelled or dead-lettered: few among many, the latest slots first.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

-- A run that completes is in neither
create index ix_scheduled_runs_dead_lettered on scheduled_goal_runs (scheduled_time, scheduled_run_id)
  where status = 'cancelled' and reason_code = 'dead_lettered';
create index ix_scheduled_runs_cancelled on scheduled_goal_runs (scheduled_time, scheduled_run_id)
  where status = 'cancelled' and reason_code is distinct from 'dead_lettered';

insert into schema_scripts (name) values ('232_run_lists') on conflict (name) do nothing;
