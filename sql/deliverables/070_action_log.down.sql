-- Takes back 070_action_log: the lines go with it.

drop table if exists deliverables_action_log;

delete from schema_scripts where name = '070_action_log';
