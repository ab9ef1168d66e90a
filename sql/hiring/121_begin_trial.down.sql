-- Takes back 121_begin_trial.

drop function if exists begin_trial(trials, integer, integer);

delete from schema_scripts where name = '121_begin_trial';
