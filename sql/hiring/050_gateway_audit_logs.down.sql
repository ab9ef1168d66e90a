drop table if exists gateway_audit_logs;
delete from schema_ledger where name = '050_gateway_audit_logs';
