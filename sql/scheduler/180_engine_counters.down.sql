drop table if exists engine_counters;
delete from schema_ledger where name = '180_engine_counters';
