-- What the engine needs of a run beyond the requirement's five tables: the queue of live runs with lease and fence, the
-- attempts, links to dead letters, and the states as constraints.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create sequence run_fence;

alter table scheduler_dlq
    add column state varchar not null default 'open',
    add column closed_at timestamptz,
    alter column failure_count set not null,
    alter column retry_count set not null,
    add constraint ck_scheduler_dlq_state check (state in ('open', 'resolved', 'discarded', 'expired')),
    add constraint ck_scheduler_dlq_closed check ((state = 'open') = (closed_at is null)),
    add constraint ck_scheduler_dlq_error_type check (error_type in ('TRANSIENT', 'PERMANENT'));
create unique index uq_scheduler_dlq_open on scheduler_dlq (goal_instance_id) where state = 'open';

alter table scheduler_state
    add constraint ck_scheduler_state_status check (status in ('running', 'paused')),
    add constraint ck_scheduler_state_paused check (status = 'running' or (paused_at is not null and paused_by is not null)),
    alter column state_metadata set default '{}';

alter table scheduler_action_log
    alter column action_metadata set default '{}',
    add constraint ck_scheduler_action_log_action check (action in ('pause', 'resume', 'trigger', 'dlq_retry',
        'dlq_redrive', 'dlq_discard', 'dlq_expired', 'run_cancel', 'backfill'));

create function refuse_change() returns trigger language plpgsql as $body$
begin
    raise exception '% of % is not allowed: it is an audit trail', tg_op, tg_table_name using errcode = '42501';
end
$body$;
create trigger scheduler_action_log_append_only before update or delete on scheduler_action_log
    for each row execute function refuse_change();
create trigger scheduler_action_log_no_truncate before truncate on scheduler_action_log
    for each statement execute function refuse_change();

alter table scheduled_goal_runs
    add column customer_id varchar,
    add column origin varchar not null default 'schedule',
    add column idempotency_key varchar,
    add column request_id varchar,
    add column dlq_id varchar references scheduler_dlq (dlq_id),
    add column closed_at timestamptz;

-- Runs from before: whose they were says the projection, where it knows the hire. One that was still to come is not
-- queued but cancelled: the tick makes it again under the same key, should it be due yet
update scheduled_goal_runs r set
    customer_id = coalesce((select h.customer_id from projected_hires h where h.hired_instance_id = r.hired_instance_id), ''),
    idempotency_key = goal_instance_id || ':' || to_char(scheduled_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    run_metadata = coalesce(run_metadata, '{}') ||
        case when status = 'pending' then '{"reason": "from before the run queue"}'::jsonb else '{}' end,
    status = case when status = 'pending' then 'cancelled' else status end,
    completed_at = case when status = 'completed' then coalesce(completed_at, created_at) end,
    closed_at = coalesce(completed_at, created_at);

alter table scheduled_goal_runs
    alter column customer_id set not null,
    alter column idempotency_key set not null,
    alter column run_metadata set default '{}',
    alter column run_metadata set not null,
    add constraint uq_scheduled_runs_goal_slot unique (goal_instance_id, scheduled_time),
    add constraint uq_scheduled_runs_idempotency_key unique (idempotency_key),
    add constraint uq_scheduled_runs_request_id unique (request_id),
    add constraint ck_scheduled_runs_status check (status in ('pending', 'completed', 'cancelled')),
    add constraint ck_scheduled_runs_origin check (origin in ('schedule', 'manual', 'trigger', 'backfill')),
    add constraint ck_scheduled_runs_completed check ((status = 'completed') = (completed_at is not null)),
    add constraint ck_scheduled_runs_closed check ((status = 'pending') = (closed_at is null));
create index ix_scheduled_runs_customer on scheduled_goal_runs (customer_id, scheduled_time desc, scheduled_run_id desc);
create index ix_scheduled_runs_hire on scheduled_goal_runs (hired_instance_id, scheduled_time desc, scheduled_run_id desc);
create index ix_scheduled_runs_dlq on scheduled_goal_runs (dlq_id) where dlq_id is not null;

alter table goal_runs
    add column scheduled_run_id varchar,
    add column attempt integer not null default 1,
    add constraint uq_goal_runs_scheduled_run unique (scheduled_run_id),
    add constraint ck_goal_runs_status check (status in ('pending', 'running', 'completed', 'failed')),
    add constraint ck_goal_runs_final check ((status in ('completed', 'failed')) = (completed_at is not null)),
    add constraint ck_goal_runs_deliverable check (status <> 'completed' or deliverable_id is not null);

create table run_queue (
    scheduled_run_id varchar not null,
    goal_instance_id varchar not null,
    hired_instance_id varchar not null,
    customer_id varchar not null,
    scheduled_time timestamptz not null,
    serial boolean not null,
    caught_up boolean not null default false,
    forced boolean not null default false,
    claimable_at timestamptz,
    attempt integer not null default 0,
    fence bigint,
    holder varchar,
    claimed_at timestamptz,
    constraint pk_run_queue primary key (scheduled_run_id),
    constraint fk_run_queue_run foreign key (scheduled_run_id) references scheduled_goal_runs (scheduled_run_id) on delete cascade,
    constraint ck_run_queue_attempt check (attempt >= 0),
    constraint ck_run_queue_waits check (claimable_at is not null or (serial and holder is null)),
    constraint ck_run_queue_held check ((holder is null) = (fence is null) and (holder is null) = (claimed_at is null))
);
create index ix_run_queue_claimable on run_queue (claimable_at) where claimable_at is not null;
create index ix_run_queue_goal on run_queue (goal_instance_id, scheduled_time);
create index ix_run_queue_hire on run_queue (hired_instance_id);
create index ix_run_queue_held on run_queue (claimable_at) where holder is not null;

create table run_attempts (
    scheduled_run_id varchar not null,
    fence bigint not null,
    attempt integer not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    error_details jsonb not null,
    constraint pk_run_attempts primary key (scheduled_run_id, fence),
    constraint fk_run_attempts_run foreign key (scheduled_run_id) references scheduled_goal_runs (scheduled_run_id) on delete cascade
);

create table missed_slots (
    goal_instance_id varchar not null,
    from_slot timestamptz not null,
    to_slot timestamptz not null,
    reason varchar not null,
    recorded_at timestamptz not null default now(),
    constraint pk_missed_slots primary key (goal_instance_id, from_slot),
    constraint ck_missed_slots_range check (from_slot <= to_slot)
);

comment on sequence run_fence is 'Fences: every claim takes the next, so a holder that lost its lease is recognised';
comment on column scheduler_dlq.state is 'open until resolved (a redriven run succeeded), discarded or expired';
comment on column scheduler_dlq.closed_at is 'When it stopped being open';
comment on column scheduled_goal_runs.customer_id is 'Whose run it is';
comment on column scheduled_goal_runs.origin is 'schedule, manual (its customer), trigger (an operator) or backfill';
comment on column scheduled_goal_runs.idempotency_key is 'goal and slot: the same for every attempt, restart, replica and redrive';
comment on column scheduled_goal_runs.request_id is 'The request for a manual run: serving it twice makes one run';
comment on column scheduled_goal_runs.dlq_id is 'The dead letter that it belongs to';
comment on column scheduled_goal_runs.closed_at is 'When it became final';
comment on column goal_runs.scheduled_run_id is 'The slot that it executes';
comment on column goal_runs.attempt is 'The number of its last attempt';
comment on table run_queue is 'Live runs only: what waits, is due, is held or backs off; a row goes when its run is final';
comment on column run_queue.scheduled_run_id is 'The run';
comment on column run_queue.goal_instance_id is 'Its goal';
comment on column run_queue.hired_instance_id is 'Its hire';
comment on column run_queue.customer_id is 'Its customer';
comment on column run_queue.scheduled_time is 'Its slot';
comment on column run_queue.serial is 'Whether it runs one after another with its goal''s other serial runs';
comment on column run_queue.caught_up is 'Whether its slot was missed and is run late';
comment on column run_queue.forced is 'Whether it runs while paused';
comment on column run_queue.claimable_at is 'When it may be claimed: due, after a backoff, or at the end of a lease; null while it waits for its turn';
comment on column run_queue.attempt is 'How many attempts are charged; counted at the claim';
comment on column run_queue.fence is 'The fence of its holder';
comment on column run_queue.holder is 'The replica that holds it; with claimable_at past, one that lost its lease';
comment on column run_queue.claimed_at is 'When it was claimed';
comment on table run_attempts is 'Attempts that failed or were lost; the last good one stands in goal_runs';
comment on column run_attempts.scheduled_run_id is 'The run';
comment on column run_attempts.fence is 'The fence that it ran under';
comment on column run_attempts.attempt is 'Its number, from 1';
comment on column run_attempts.started_at is 'When it was claimed';
comment on column run_attempts.ended_at is 'When it failed, or was found lost';
comment on column run_attempts.error_details is 'What went wrong: type, message, stack_trace, attempt';
comment on table missed_slots is 'Slots that were never run because nobody could for too long, as ranges';
comment on column missed_slots.goal_instance_id is 'The goal';
comment on column missed_slots.from_slot is 'The first of them';
comment on column missed_slots.to_slot is 'The last of them';
comment on column missed_slots.reason is 'Why they were not run';
comment on column missed_slots.recorded_at is 'When that was decided';

insert into schema_ledger (name) values ('120_run_queue') on conflict (name) do nothing;
