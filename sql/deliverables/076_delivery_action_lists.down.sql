drop index if exists ix_delivery_action_log_operator;
drop index if exists ix_delivery_action_log_timestamp;

delete from schema_scripts where name = '076_delivery_action_lists';
