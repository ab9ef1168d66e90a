-- Dead letter queue: goals that failed for good and wait for a person. Kept 7 days.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table if not exists scheduler_dlq (
    dlq_id varchar primary key,
    goal_instance_id varchar not null,
    hired_instance_id varchar not null,
    error_type varchar,
    error_message text,
    stack_trace text,
    failure_count integer default 1,
    first_failed_at timestamptz not null,
    last_failed_at timestamptz not null,
    expires_at timestamptz not null,
    retry_count integer default 0
);

create index if not exists idx_scheduler_dlq_expires_at on scheduler_dlq (expires_at);
create index if not exists idx_scheduler_dlq_goal_instance_id on scheduler_dlq (goal_instance_id);
create index if not exists idx_scheduler_dlq_hired_instance_id on scheduler_dlq (hired_instance_id);

comment on table scheduler_dlq is 'Dead letter queue for failed goal executions requiring manual intervention';
comment on column scheduler_dlq.error_type is 'Error classification: TRANSIENT (temporary) or PERMANENT (requires code fix)';
comment on column scheduler_dlq.expires_at is 'Auto-expiry date (7 days from first failure)';
comment on column scheduler_dlq.retry_count is 'Number of manual retry attempts by operators';

insert into schema_ledger (name) values ('phase2_01_scheduler_dlq') on conflict (name) do nothing;
