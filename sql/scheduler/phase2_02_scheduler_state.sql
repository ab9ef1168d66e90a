-- Scheduler state for admin controls: running or paused. One row, 'global', begins as running.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table if not exists scheduler_state (
    state_id varchar primary key,
    status varchar not null,
    paused_at timestamptz,
    paused_by varchar,
    paused_reason varchar,
    resumed_at timestamptz,
    resumed_by varchar,
    updated_at timestamptz not null,
    state_metadata jsonb
);

create index if not exists idx_scheduler_state_status on scheduler_state (status);
create index if not exists idx_scheduler_state_updated_at on scheduler_state (updated_at);

comment on table scheduler_state is 'Scheduler operational state (singleton pattern with state_id=global)';
comment on column scheduler_state.status is 'Current state: running (accept new runs) or paused (reject new runs)';
comment on column scheduler_state.paused_by is 'Operator username/ID who paused scheduler';

insert into scheduler_state (state_id, status, updated_at, state_metadata)
values ('global', 'running', now(), '{}')
on conflict (state_id) do nothing;

insert into schema_ledger (name) values ('phase2_02_scheduler_state') on conflict (name) do nothing;
