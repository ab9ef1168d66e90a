alter table if exists scheduled_goal_runs drop column if exists draft_late_ms;
drop index if exists ix_run_attempts_ended_at;
delete from schema_scripts where name = '212_failed_attempts';
