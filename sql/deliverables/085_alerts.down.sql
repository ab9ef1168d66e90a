drop table if exists alerts;
delete from schema_ledger where name = '085_alerts';
