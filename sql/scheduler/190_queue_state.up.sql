-- The queue's state as a column: waiting, timed, ready or held, each with a CHECK, in place of four columns that were read
-- together. What "running", "paused", "at its limit" and "the budget of retries" mean is said once here, as views and
-- functions. A cancelled run, and a range of missed slots, has a code for its reason beside the words.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

-- A lease that had ended was marked ready and kept its lost holder: such an attempt is recorded as lost now
insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
select scheduled_run_id, fence, attempt, claimed_at, greatest(now(), claimed_at), jsonb_build_object('type', 'LEASE_LOST',
    'message', 'its holder stopped before it could say what became of it', 'attempt', attempt)
from run_queue where ready and holder is not null
on conflict do nothing;
insert into engine_counters as c (name, label, shard, value)
select 'takeovers', '', 0, count(*) from run_queue where ready and holder is not null having count(*) > 0
on conflict (name, label, shard) do update set value = c.value + excluded.value;
update goal_runs g set status = 'pending' from run_queue q
    where q.ready and q.holder is not null and g.scheduled_run_id = q.scheduled_run_id and g.status = 'running';
update run_queue set holder = null, fence = null, claimed_at = null where ready and holder is not null;

drop index ix_run_queue_goal;
drop index ix_run_queue_hire;
drop index ix_run_queue_held;
drop index ix_run_queue_lanes;
drop index ix_run_queue_timed;
alter table run_queue
    drop constraint ck_run_queue_waits,
    drop constraint ck_run_queue_held,
    drop constraint ck_run_queue_ready,
    add column state varchar;
update run_queue set state = case
    when holder is not null then 'held'
    when claimable_at is null then 'waiting'
    when ready then 'ready'
    else 'timed' end;
alter table run_queue
    alter column state set not null,
    drop column ready,
    add constraint ck_run_queue_state check (state in ('waiting', 'timed', 'ready', 'held')),
    add constraint ck_run_queue_waiting check (state <> 'waiting' or (serial and claimable_at is null and holder is null
        and fence is null and claimed_at is null)),
    add constraint ck_run_queue_timed check (state <> 'timed' or (claimable_at is not null and holder is null
        and fence is null and claimed_at is null)),
    add constraint ck_run_queue_ready check (state <> 'ready' or (claimable_at is not null and holder is null
        and fence is null and claimed_at is null)),
    add constraint ck_run_queue_held check (state <> 'held' or (claimable_at is not null and holder is not null
        and fence is not null and claimed_at is not null));
create index ix_run_queue_hire on run_queue (hired_instance_id, goal_instance_id);
create index ix_run_queue_lanes on run_queue (rank, customer_id, agent_id, due_at) where state = 'ready';
create index ix_run_queue_timed on run_queue (claimable_at) where state in ('timed', 'held');
create index ix_run_queue_held on run_queue (customer_id, agent_id) where state = 'held';
create index ix_run_queue_waiting on run_queue (goal_instance_id, caught_up, scheduled_time) where state = 'waiting';
create index ix_run_queue_open on run_queue (goal_instance_id) where serial and state <> 'waiting';

alter table scheduled_goal_runs add column reason_code varchar;
update scheduled_goal_runs r set reason_code = case
    when run_metadata ->> 'reason' like 'dead-lettered: %' then 'dead_lettered'
    when run_metadata ->> 'reason' = 'overlap: a run of this goal waits already' then 'overlap_waiting'
    when run_metadata ->> 'reason' like 'overlap: %' then 'overlap_open'
    when run_metadata ->> 'reason' = 'missed: a later slot runs instead' then 'missed_superseded'
    when run_metadata ->> 'reason' like 'missed: %' then 'missed_skipped'
    when run_metadata ->> 'reason' = 'the goal was deleted' then 'goal_deleted'
    when run_metadata ->> 'reason' = 'the goal was switched off' then 'goal_disabled'
    when run_metadata ->> 'reason' like 'cancelled by %' then 'cancelled_by_operator'
    when dlq_id is not null then 'dead_lettered'
    when coalesce(run_metadata ->> 'reason', 'from before the run queue') = 'from before the run queue' then 'predates_queue'
    else coalesce((select g.error_details ->> 'type' from goal_runs g where g.scheduled_run_id = r.scheduled_run_id
            and g.error_details ->> 'type' in ('goal_not_found', 'hire_not_found', 'hire_gone', 'subscription_not_active')),
        'hire_not_runnable') end
where status = 'cancelled';
-- who cancelled, and why, apart from the words: a customer reads the second, not the first
update scheduled_goal_runs set run_metadata = run_metadata || jsonb_strip_nulls(jsonb_build_object(
    'cancelled_by', substring(run_metadata ->> 'reason' from '^cancelled by (\S+?)(?:: .*)?$'),
    'cancel_reason', substring(run_metadata ->> 'reason' from '^cancelled by \S+?: (.*)$')))
where reason_code = 'cancelled_by_operator';
update goal_runs set error_details = error_details || jsonb_strip_nulls(jsonb_build_object(
    'cancelled_by', substring(error_details ->> 'message' from '^cancelled by (\S+?)(?:: .*)?$'),
    'cancel_reason', substring(error_details ->> 'message' from '^cancelled by \S+?: (.*)$')))
where error_details ->> 'type' = 'CANCELLED' and error_details ->> 'message' like 'cancelled by %';
alter table scheduled_goal_runs
    add constraint ck_scheduled_runs_reason_code check (reason_code in ('overlap_open', 'overlap_waiting',
        'missed_superseded', 'missed_skipped', 'goal_deleted', 'goal_disabled', 'hire_not_runnable', 'goal_not_found',
        'hire_not_found', 'hire_gone', 'subscription_not_active', 'cancelled_by_operator', 'dead_lettered',
        'predates_queue')),
    add constraint ck_scheduled_runs_reason check ((status = 'cancelled') = (reason_code is not null));

alter table missed_slots add column reason_code varchar;
update missed_slots set reason_code = case when reason = 'older than 24 h' then 'too_old' else 'schedule_invalid' end;
alter table missed_slots
    alter column reason_code set not null,
    add constraint ck_missed_slots_reason_code check (reason_code in ('too_old', 'schedule_invalid'));

create view running_runs as
    select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id, attempt, fence, holder, claimed_at,
        claimable_at as leased_until
    from run_queue where state = 'held';

create function run_status(status varchar, reason_code varchar, state varchar, attempt integer) returns varchar
language sql immutable parallel safe as $body$
    select (case
        when status = 'completed' then 'completed'
        when status = 'cancelled' and reason_code = 'dead_lettered' then 'dead_lettered'
        when status = 'cancelled' then 'cancelled'
        when state = 'held' then 'running'
        when attempt > 0 then 'retrying'
        else 'pending' end)::varchar
$body$;

create view paused_scopes as
    select state_id, paused_at, paused_by, paused_reason from scheduler_state where status = 'paused';

create view paused_ids as
    select coalesce(array_agg(state_id), '{}') as ids from paused_scopes;

create function is_paused(hired_instance_id varchar, customer_id varchar, paused varchar[]) returns boolean
language sql immutable parallel safe as $body$
    select 'global' = any (paused) or 'customer:' || customer_id = any (paused) or 'hire:' || hired_instance_id = any (paused)
$body$;

create view limits_in_use as
    with used as (
        select 'customer'::varchar as kind, customer_id as subject, count(*)::integer as running
        from running_runs group by customer_id
        union all
        select 'agent_type'::varchar, agent_id, count(*)::integer from running_runs group by agent_id
    )
    select l.kind, l.subject, l.max_running, coalesce(u.running, 0) as running, l.max_running - coalesce(u.running, 0) as room
    from run_limits l left join used u on u.kind = l.kind and u.subject = l.subject
    union all
    select u.kind, u.subject, l.max_running, u.running, l.max_running - u.running
    from used u join run_limits l on l.kind = 'every_' || u.kind
    where not exists (select from run_limits own where own.kind = u.kind and own.subject = u.subject);

create function retry_budget_now(per_second double precision)
returns table (tokens double precision, completed_seen bigint)
language sql stable as $body$
    select least(per_second * 10, b.tokens + greatest(extract(epoch from now() - b.filled_at), 0) * per_second
        + greatest(c.completed - b.completed_seen, 0) * 0.2), c.completed
    from retry_budget b, (select coalesce(sum(value), 0)::bigint as completed from engine_counters
        where name = 'runs' and label = 'completed') c
$body$;

comment on column run_queue.state is 'waiting (behind an earlier run of its goal), timed (for claimable_at), ready (may be claimed), held (by a replica)';
comment on column run_queue.claimable_at is 'When it may be claimed; of a held run, when its lease ends; null while it is waiting';
comment on column run_queue.holder is 'The replica that holds it; with claimable_at past, its lease has ended and nobody has taken it over yet';
comment on column scheduled_goal_runs.reason_code is 'Why it was cancelled or skipped; its words are in run_metadata.reason';
comment on column missed_slots.reason_code is 'Why they were not run: too_old or schedule_invalid';
comment on view running_runs is 'Runs under way: each is held by a replica under a lease and a fence';
comment on function run_status(varchar, varchar, varchar, integer) is 'What a person sees of a run, from its row and its row in the queue';
comment on view paused_scopes is 'Everything that is paused: global, hire:<id> or customer:<id>';
comment on view paused_ids is 'One row: the ids of everything that is paused, for is_paused';
comment on function is_paused(varchar, varchar, varchar[]) is 'Whether one of these pauses binds a hire of a customer; a forced run passes all the same';
comment on view limits_in_use is 'Each limit, and each subject that a limit for all of its kind binds: how many of its runs are under way, and its room';
comment on function retry_budget_now(double precision) is 'The budget of retries now, given what it gains a second: it also gains 0.2 of every completed run, and holds what time brings in 10 seconds';

insert into schema_ledger (name) values ('190_queue_state') on conflict (name) do nothing;
