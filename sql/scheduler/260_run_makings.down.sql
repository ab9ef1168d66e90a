-- Takes back 260_run_makings.

drop table if exists run_makings;

delete from schema_scripts where name = '260_run_makings';
