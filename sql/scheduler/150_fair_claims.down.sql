drop table if exists retry_budget;
drop table if exists run_limits;
-- the lines of limits stay: nobody may take a line from the log, so the constraint binds new ones only
alter table scheduler_action_log
    drop constraint ck_scheduler_action_log_action,
    add constraint ck_scheduler_action_log_action check (action in ('pause', 'resume', 'trigger', 'dlq_retry',
        'dlq_redrive', 'dlq_discard', 'dlq_expired', 'run_cancel', 'backfill')) not valid;
drop index ix_run_queue_lanes;
drop index ix_run_queue_timed;
drop index ix_run_queue_held;
alter table run_queue
    drop constraint ck_run_queue_rank, drop constraint ck_run_queue_forced, drop constraint ck_run_queue_ready,
    drop column agent_id, drop column rank, drop column ready, drop column due_at;
create index ix_run_queue_claimable on run_queue (claimable_at) where claimable_at is not null;
create index ix_run_queue_held on run_queue (claimable_at) where holder is not null;
delete from schema_ledger where name = '150_fair_claims';
