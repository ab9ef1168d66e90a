drop trigger if exists hires_are_announced on hired_agents;
drop function if exists hire_written();
drop table if exists unannounced_hires;
delete from schema_scripts where name = '087_announced_hires';
