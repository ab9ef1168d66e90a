drop index if exists ix_scheduler_action_log_scope;
drop table if exists goal_history;
delete from schema_ledger where name = '160_answers';
