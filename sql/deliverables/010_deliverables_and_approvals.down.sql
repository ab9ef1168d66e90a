-- Takes back 010_deliverables_and_approvals: drafts and decisions go with it.

alter table if exists deliverables drop constraint if exists fk_deliverables_approval_id;
drop table if exists approvals;
drop table if exists deliverables;

delete from schema_ledger where name = '010_deliverables_and_approvals';
