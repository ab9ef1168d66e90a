-- Takes back 271_engine_turns.

drop function if exists settle_runs(varchar[], bigint[], varchar[], varchar[], varchar, double precision[], double precision[]);
drop function if exists lock_due_goals(bigint, integer, varchar, integer);

create or replace function record_run_cancelled() returns trigger
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

delete from schema_scripts where name = '271_engine_turns';
