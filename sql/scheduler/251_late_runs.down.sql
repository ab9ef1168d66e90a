-- Takes back 251_late_runs: what stands in the queue alone is recorded first.

do $back$
begin
  if exists (select from information_schema.columns where table_schema = 'public' and table_name = 'run_queue'
      and column_name = 'recorded') and to_regclass('scheduled_goal_runs') is not null
      and to_regclass('goal_runs') is not null then
    insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
      created_at, status, origin, idempotency_key)
    select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, claimed_at, 'pending', 'schedule',
      run_key(goal_instance_id, scheduled_time)
    from run_queue where not recorded
    on conflict do nothing;
    insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at, attempt)
    select replace(scheduled_run_id, 'SCH-', 'RUN-'), scheduled_run_id, goal_instance_id,
      run_key(goal_instance_id, scheduled_time), 'running', claimed_at, 1
    from run_queue where not recorded
    on conflict do nothing;
  end if;
  if to_regclass('run_queue') is not null then
    drop trigger if exists run_queue_recorded on run_queue;
    drop trigger if exists run_queue_gone on run_queue;
    drop index if exists ix_run_queue_unrecorded;
    alter table run_queue drop constraint if exists ck_run_queue_recorded, drop column if exists recorded;
  end if;
end
$back$;
drop function if exists record_run_taken_over();
drop function if exists record_run_cancelled();
drop function if exists run_key(varchar, timestamptz);

delete from schema_scripts where name = '251_late_runs';
