drop table if exists scheduler_alerts;
delete from schema_ledger where name = '140_alerts';
