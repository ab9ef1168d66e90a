-- Takes back 100_what_waits.

drop index if exists ix_executions_failed;
drop index if exists ix_deliverables_approved_waiting;

delete from schema_scripts where name = '100_what_waits';
