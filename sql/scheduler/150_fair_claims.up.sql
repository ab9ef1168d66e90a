-- Fair claims. A live run stands in a lane: its rank, its customer, its agent type. What may be claimed is marked ready, so
-- that a claim walks from lane to lane by an index and never passes over another lane's backlog. Limits bound how many runs
-- of a customer or of an agent type are under way at once; the budget bounds how many retries there are beside first attempts.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

alter table run_queue
    add column agent_id varchar not null default '',
    add column rank smallint not null default 2,
    add column ready boolean not null default false,
    add column due_at timestamptz not null default now(),
    add constraint ck_run_queue_rank check (rank between 0 and 3),
    add constraint ck_run_queue_forced check (not forced or rank = 0),
    add constraint ck_run_queue_ready check (not ready or claimable_at is not null);

update run_queue q set
    agent_id = coalesce((select h.agent_id from projected_hires h where h.hired_instance_id = q.hired_instance_id), ''),
    rank = case when q.forced then 0 when q.attempt > 0 then 3
        when (select r.origin in ('manual', 'trigger') from scheduled_goal_runs r where r.scheduled_run_id = q.scheduled_run_id)
        then 1 else 2 end,
    due_at = coalesce(q.claimable_at, q.scheduled_time);

drop index ix_run_queue_claimable;
drop index ix_run_queue_held;
create index ix_run_queue_lanes on run_queue (rank, customer_id, agent_id, due_at) where ready;
create index ix_run_queue_timed on run_queue (claimable_at) where claimable_at is not null and not ready;
create index ix_run_queue_held on run_queue (customer_id, agent_id) where holder is not null;

create table run_limits (
    kind varchar not null,
    subject varchar not null,
    max_running integer not null,
    set_by varchar not null,
    updated_at timestamptz not null,
    constraint pk_run_limits primary key (kind, subject),
    constraint ck_run_limits_kind check (kind in ('customer', 'agent_type', 'every_customer', 'every_agent_type')),
    constraint ck_run_limits_subject check ((kind in ('every_customer', 'every_agent_type')) = (subject = '*')),
    constraint ck_run_limits_max_running check (max_running between 1 and 100000)
);

create table retry_budget (
    only_row boolean not null default true,
    tokens float8 not null,
    filled_at timestamptz not null default now(),
    completed_seen bigint not null default 0,
    constraint pk_retry_budget primary key (only_row),
    constraint ck_retry_budget_only_row check (only_row),
    constraint ck_retry_budget_tokens check (tokens >= 0)
);
-- full at first, by the default of STINT_RETRIES_PER_SECOND
insert into retry_budget (tokens) values (1000);

alter table scheduler_action_log
    drop constraint ck_scheduler_action_log_action,
    add constraint ck_scheduler_action_log_action check (action in ('pause', 'resume', 'trigger', 'dlq_retry',
        'dlq_redrive', 'dlq_discard', 'dlq_expired', 'run_cancel', 'backfill', 'limit'));

comment on column run_queue.agent_id is 'The agent type of its hire; empty when the hire is not known any more';
comment on column run_queue.rank is 'Which lanes come first: 0 forced through a pause, 1 asked for by a person, 2 by schedule, 3 a retry';
comment on column run_queue.ready is 'Whether it may be claimed now, as far as time goes; set when claimable_at has come';
comment on column run_queue.due_at is 'Since when it should run: its slot and spread, when it was asked for, or when its turn came';
comment on table run_limits is 'How many runs may be under way at once: of a customer, of an agent type, or of each';
comment on column run_limits.kind is 'customer, agent_type: of that subject; every_customer, every_agent_type: of each that has none of its own';
comment on column run_limits.subject is 'The customer or agent type; * for every one';
comment on column run_limits.max_running is 'So many at once';
comment on column run_limits.set_by is 'The operator who set it';
comment on column run_limits.updated_at is 'When it was set';
comment on table retry_budget is 'How many retries may start now; refilled by time and by what completes';
comment on column retry_budget.only_row is 'There is one row';
comment on column retry_budget.tokens is 'A retry takes one';
comment on column retry_budget.filled_at is 'When it was last refilled';
comment on column retry_budget.completed_seen is 'The count of completed runs at that time';

insert into schema_ledger (name) values ('150_fair_claims') on conflict (name) do nothing;
