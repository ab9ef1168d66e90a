-- Takes back 060_action_lists.

drop index if exists ix_scheduler_action_log_of_operator;
drop index if exists ix_scheduler_action_log_of_action;
drop index if exists ix_scheduler_action_log_latest;

delete from schema_scripts where name = '060_action_lists';
