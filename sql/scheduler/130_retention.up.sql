-- Retention: what finds old rows and the last hour's without reading the rest. A dead letter goes before its runs, which
-- keep its id: so they go on telling that they were dead-lettered.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

alter table scheduled_goal_runs drop constraint scheduled_goal_runs_dlq_id_fkey;
comment on column scheduled_goal_runs.dlq_id is 'The dead letter that it belongs to, or belonged to: the entry goes before its runs';

create index ix_scheduled_runs_closed_at on scheduled_goal_runs (closed_at) where closed_at is not null;
create index ix_scheduled_runs_dead on scheduled_goal_runs (closed_at) where status = 'cancelled' and dlq_id is not null;
create index ix_goal_runs_completed_at on goal_runs (completed_at) where completed_at is not null;
create index ix_scheduler_dlq_closed_at on scheduler_dlq (closed_at) where closed_at is not null;
create index ix_missed_slots_recorded_at on missed_slots (recorded_at);

insert into schema_ledger (name) values ('130_retention') on conflict (name) do nothing;
