-- Rollback of phase 2, with all that later scripts added to it.

drop function if exists retry_budget_now(double precision);
drop view if exists limits_in_use;
drop function if exists is_paused(varchar, varchar, varchar[]);
drop view if exists paused_ids;
drop view if exists paused_scopes;
drop function if exists run_status(varchar, varchar, varchar, integer);
drop view if exists running_runs;
drop table if exists engine_counters;
drop table if exists retry_budget;
drop table if exists run_limits;
drop table if exists goal_history;
drop table if exists scheduler_replicas;
drop table if exists scheduler_alerts;
drop table if exists dropped_slots;
drop table if exists alerts;
drop function if exists probe_database();
drop table if exists database_probe;
drop table if exists missed_slots;
drop table if exists run_makings;
drop table if exists run_attempts;
drop table if exists run_queue;
drop function if exists record_run_taken_over();
drop function if exists record_run_cancelled();
drop function if exists run_key(varchar, timestamptz);
drop function if exists end_runs(varchar[], bigint[], varchar[], varchar[], varchar, double precision[], double precision[]);
drop function if exists settle_runs(varchar[], bigint[], varchar[], varchar[], varchar, double precision[], double precision[]);
drop function if exists lock_due_goals(bigint, integer, varchar, integer);
drop table if exists goal_runs cascade;
drop table if exists scheduled_goal_runs cascade;
drop function if exists remove_queued_runs();
drop table if exists scheduler_action_log cascade;
drop table if exists scheduler_state cascade;
drop table if exists scheduler_dlq cascade;
drop function if exists refuse_change();
drop sequence if exists run_fence;
drop table if exists feed_cursor;
drop table if exists projected_goals;
drop table if exists projected_hires;
drop table if exists idempotency_keys;
drop function if exists idempotency_keys_taken_over();
drop table if exists rate_buckets;
drop table if exists gateway_audit_logs;
drop function if exists refuse_line_change();
drop table if exists schema_ledger;
drop table if exists schema_scripts;

-- Expected: no row
select table_name from information_schema.tables
where table_schema = 'public'
    and table_name in ('scheduler_dlq', 'scheduler_state', 'scheduler_action_log', 'scheduled_goal_runs', 'goal_runs');
