drop function retry_budget_now(double precision);
drop view limits_in_use;
drop function is_paused(varchar, varchar, varchar[]);
drop view paused_ids;
drop view paused_scopes;
drop function run_status(varchar, varchar, varchar, integer);
drop view running_runs;
alter table missed_slots drop column reason_code;
alter table scheduled_goal_runs drop column reason_code;
drop index ix_run_queue_hire;
drop index ix_run_queue_lanes;
drop index ix_run_queue_timed;
drop index ix_run_queue_held;
drop index ix_run_queue_waiting;
drop index ix_run_queue_open;
alter table run_queue
    drop constraint ck_run_queue_state, drop constraint ck_run_queue_waiting, drop constraint ck_run_queue_timed,
    drop constraint ck_run_queue_ready, drop constraint ck_run_queue_held,
    add column ready boolean not null default false;
update run_queue set ready = true where state = 'ready';
alter table run_queue
    drop column state,
    add constraint ck_run_queue_waits check (claimable_at is not null or (serial and holder is null)),
    add constraint ck_run_queue_held check ((holder is null) = (fence is null) and (holder is null) = (claimed_at is null)),
    add constraint ck_run_queue_ready check (not ready or claimable_at is not null);
create index ix_run_queue_goal on run_queue (goal_instance_id, scheduled_time);
create index ix_run_queue_hire on run_queue (hired_instance_id);
create index ix_run_queue_lanes on run_queue (rank, customer_id, agent_id, due_at) where ready;
create index ix_run_queue_timed on run_queue (claimable_at) where claimable_at is not null and not ready;
create index ix_run_queue_held on run_queue (customer_id, agent_id) where holder is not null;
comment on column run_queue.ready is 'Whether it may be claimed now, as far as time goes; set when claimable_at has come';
comment on column run_queue.claimable_at is 'When it may be claimed: due, after a backoff, or at the end of a lease; null while it waits for its turn';
comment on column run_queue.holder is 'The replica that holds it; with claimable_at past, one that lost its lease';
delete from schema_ledger where name = '190_queue_state';
