drop table if exists missed_slots;
drop table if exists run_attempts;
drop table if exists run_queue;
alter table goal_runs
    drop constraint ck_goal_runs_status, drop constraint ck_goal_runs_final, drop constraint ck_goal_runs_deliverable,
    drop column scheduled_run_id, drop column attempt;
drop index ix_scheduled_runs_customer;
drop index ix_scheduled_runs_hire;
alter table scheduled_goal_runs
    drop constraint uq_scheduled_runs_goal_slot, drop constraint ck_scheduled_runs_status,
    drop constraint ck_scheduled_runs_origin, drop constraint ck_scheduled_runs_completed,
    drop constraint ck_scheduled_runs_closed,
    drop column customer_id, drop column origin, drop column idempotency_key, drop column request_id,
    drop column dlq_id, drop column closed_at,
    alter column run_metadata drop not null, alter column run_metadata drop default;
drop trigger scheduler_action_log_append_only on scheduler_action_log;
drop trigger scheduler_action_log_no_truncate on scheduler_action_log;
drop function refuse_change();
alter table scheduler_action_log
    drop constraint ck_scheduler_action_log_action, alter column action_metadata drop default;
alter table scheduler_state
    drop constraint ck_scheduler_state_status, drop constraint ck_scheduler_state_paused,
    alter column state_metadata drop default;
drop index uq_scheduler_dlq_open;
alter table scheduler_dlq
    drop constraint ck_scheduler_dlq_error_type, drop constraint ck_scheduler_dlq_closed,
    drop constraint ck_scheduler_dlq_state, drop column state, drop column closed_at,
    alter column failure_count drop not null, alter column retry_count drop not null;
drop sequence if exists run_fence;
delete from schema_ledger where name = '120_run_queue';
