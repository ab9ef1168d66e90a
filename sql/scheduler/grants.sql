-- The rights of the scheduler's runtime role, whose name is in stint.runtime_role; run by the migrator after the scripts,
-- as the owner. It starts from nothing, so that a right which is taken out of this file is gone after the next run.

do $grants$
declare
  runtime text := current_setting('stint.runtime_role');
begin
  revoke all on schema public from public;
  execute format('revoke all on all tables in schema public from %I', runtime);
  execute format('revoke all on all sequences in schema public from %I', runtime);

  execute format('grant usage on schema public to %I', runtime);
  execute format('grant usage on all sequences in schema public to %I', runtime);
  execute format('grant select on schema_ledger, schema_scripts to %I', runtime);
  execute format('grant select, update on database_probe to %I', runtime);
  execute format('grant select on running_runs, paused_scopes, paused_ids, limits_in_use to %I', runtime);
  execute format('grant execute on function run_status, is_paused, retry_budget_now, run_key, lock_due_goals, settle_runs, end_runs to %I', runtime);
  -- the action log is append only: no update, no delete, no truncate
  execute format('grant select, insert on scheduler_action_log to %I', runtime);
  execute format('grant select, insert, update on scheduler_state, feed_cursor, retry_budget, engine_counters to %I',
    runtime);
  execute format('grant select, insert, update, delete on scheduler_dlq, scheduled_goal_runs, goal_runs, run_queue,
    run_attempts, missed_slots, scheduler_alerts, alerts, run_limits, projected_hires, projected_goals, idempotency_keys to %I', runtime);
  execute format('grant select, insert, update, delete on run_makings to %I', runtime);
  execute format('grant select, insert, update, delete on dropped_slots to %I', runtime);
  execute format('grant select, insert, update, delete on dropped_slots, scheduler_replicas to %I', runtime);
  execute format('grant select, insert, update, delete on rate_buckets to %I', runtime);
  -- written, and removed when they are old; never changed
  execute format('grant select, insert, delete on gateway_audit_logs, goal_history to %I', runtime);
end
$grants$;
