-- Takes back 232_run_lists.

drop index if exists ix_scheduled_runs_cancelled;
drop index if exists ix_scheduled_runs_dead_lettered;

delete from schema_scripts where name = '232_run_lists';
