drop index ix_scheduler_dlq_fingerprint;
alter table scheduler_dlq drop column fingerprint;
delete from schema_ledger where name = '170_dead_letter_cause';
