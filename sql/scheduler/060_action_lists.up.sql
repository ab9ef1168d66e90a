-- Lists of the action log by operator and by action, the latest first.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create index ix_scheduler_action_log_of_operator on scheduler_action_log (operator, timestamp, log_id);
create index ix_scheduler_action_log_of_action on scheduler_action_log (action, timestamp, log_id);
create index ix_scheduler_action_log_latest on scheduler_action_log (timestamp, log_id);

insert into schema_scripts (name) values ('060_action_lists') on conflict (name) do nothing;
