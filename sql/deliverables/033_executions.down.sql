-- Takes back 033_executions: what was to be delivered is forgotten.

drop table if exists executions;
drop sequence if exists execution_fence;
alter table deliverables
  drop constraint if exists ck_deliverables_executing,
  drop column if exists executing;

delete from schema_ledger where name = '033_executions';
