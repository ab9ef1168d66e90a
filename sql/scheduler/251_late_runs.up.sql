-- A run that is claimed as it falls due stands in the queue alone, until its claim ends or lasts: then it is recorded in
-- scheduled_goal_runs and goal_runs, and in the ordinary case with its end, by one insert each instead of an insert and an
-- update that touches every index.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table run_queue add column recorded boolean not null default true;
alter table run_queue add constraint ck_run_queue_recorded check (recorded or (state = 'held' and attempt = 1));
-- Before: the program writes no `recorded`, so its rows are recorded, and the constraint holds for them
create index ix_run_queue_unrecorded on run_queue (goal_instance_id) where not recorded;

create function run_key(goal_instance_id varchar, slot timestamptz) returns varchar
language sql stable parallel safe as $body$
    select (goal_instance_id || ':' || to_char(slot at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::varchar
$body$;

-- The program of before takes over a run whose lease has ended without a look at `recorded`
create function record_run_taken_over() returns trigger
language plpgsql security definer set search_path from current as $body$
begin
    insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
        created_at, status, origin, idempotency_key)
    values (old.scheduled_run_id, old.goal_instance_id, old.hired_instance_id, old.customer_id, old.scheduled_time,
        old.claimed_at, 'pending', 'schedule', run_key(old.goal_instance_id, old.scheduled_time))
    on conflict do nothing;
    insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at, attempt)
    values (replace(old.scheduled_run_id, 'SCH-', 'RUN-'), old.scheduled_run_id, old.goal_instance_id,
        run_key(old.goal_instance_id, old.scheduled_time), 'pending', old.claimed_at, 1)
    on conflict do nothing;
    new.recorded := true;
    return new;
end
$body$;
-- Before: a row of its own is recorded, so that the trigger passes it; one that it takes over becomes so
create trigger run_queue_recorded before update on run_queue
    for each row when (not new.recorded and new.state <> 'held') execute function record_run_taken_over();

-- And it cancels a run that is held without a look at it
create function record_run_cancelled() returns trigger
language plpgsql security definer set search_path from current as $body$
begin
    with lost as (
        select q.*, run_key(q.goal_instance_id, q.scheduled_time) as key from gone q
        where not q.recorded
            and (select true from scheduled_goal_runs r where r.scheduled_run_id = q.scheduled_run_id limit 1) is null
    ), runs as (
        insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
            created_at, status, closed_at, origin, idempotency_key, reason_code, run_metadata)
        select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, claimed_at, 'cancelled',
            now(), 'schedule', key, case
                when not exists (select from projected_goals g where g.goal_instance_id = l.goal_instance_id)
                    then 'goal_deleted'
                when exists (select from projected_hires h where h.hired_instance_id = l.hired_instance_id
                    and not h.runnable) then 'hire_not_runnable'
                when exists (select from projected_goals g where g.goal_instance_id = l.goal_instance_id
                    and not g.enabled) then 'goal_disabled'
                else 'cancelled_by_operator' end, '{"reason": "cancelled while it was running"}'
        from lost l
        on conflict do nothing
    )
    insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at, completed_at,
        attempt, error_details)
    select replace(scheduled_run_id, 'SCH-', 'RUN-'), scheduled_run_id, goal_instance_id, key, 'failed', claimed_at, now(),
        1, '{"type": "CANCELLED", "message": "cancelled while it was running", "attempt": 1}'
    from lost
    on conflict do nothing;
    return null;
end
$body$;
-- Before: of the rows that it deletes, those that are recorded, as its own are, are none of the trigger's
create trigger run_queue_gone after delete on run_queue referencing old table as gone
    for each statement execute function record_run_cancelled();

comment on column run_queue.recorded is 'Whether the run stands in scheduled_goal_runs and goal_runs; not yet, in its first attempt, while its claim is young';
comment on function run_key(varchar, timestamptz) is 'The idempotency key of the run of a goal''s slot';

insert into schema_scripts (name) values ('251_late_runs') on conflict (name) do nothing;
