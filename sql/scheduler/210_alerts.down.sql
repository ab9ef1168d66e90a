drop table if exists alerts;
delete from schema_scripts where name = '210_alerts';
