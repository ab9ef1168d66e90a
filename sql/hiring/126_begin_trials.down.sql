-- Takes back 126_begin_trials.

drop function if exists begin_trials(json, json, integer, integer, boolean);

delete from schema_scripts where name = '126_begin_trials';
