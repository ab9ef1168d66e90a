drop table if exists idempotency_keys;
delete from schema_ledger where name = '020_idempotency_keys';
