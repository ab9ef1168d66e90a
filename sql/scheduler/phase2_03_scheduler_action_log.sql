-- Action log: who did what to the scheduler. Kept for ever.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table if not exists scheduler_action_log (
    log_id varchar primary key,
    action varchar not null,
    operator varchar not null,
    timestamp timestamptz not null,
    goal_instance_id varchar,
    reason varchar,
    action_metadata jsonb
);

create index if not exists idx_scheduler_action_log_timestamp on scheduler_action_log (timestamp);
create index if not exists idx_scheduler_action_log_operator on scheduler_action_log (operator);
create index if not exists idx_scheduler_action_log_action on scheduler_action_log (action);

comment on table scheduler_action_log is 'Immutable audit trail for scheduler admin actions';
comment on column scheduler_action_log.action is 'Action type: pause (stop scheduler), resume (start scheduler), trigger (manual goal run)';
comment on column scheduler_action_log.operator is 'Username or user ID of operator who performed action';

insert into schema_ledger (name) values ('phase2_03_scheduler_action_log') on conflict (name) do nothing;
