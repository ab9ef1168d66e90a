-- Health counts failed attempts, not only runs that were dead-lettered, and how late drafts came, not only how late runs began.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create index ix_run_attempts_ended_at on run_attempts (ended_at);
alter table scheduled_goal_runs add column draft_late_ms integer;

comment on column scheduled_goal_runs.draft_late_ms is 'Milliseconds from when it was due to when its draft was there; null for what was caught up, and while there is none';

insert into schema_scripts (name) values ('212_failed_attempts') on conflict (name) do nothing;
