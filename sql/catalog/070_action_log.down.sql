-- Takes back 070_action_log: the lines go with it.

drop table if exists catalog_action_log;
drop function if exists refuse_change();

delete from schema_scripts where name = '070_action_log';
