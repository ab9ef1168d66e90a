drop function if exists probe_database();
drop table if exists database_probe;
delete from schema_scripts where name = '085_database_probe';
