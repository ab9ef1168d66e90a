-- Takes back 067_deliverable_version.

drop trigger if exists deliverables_version on deliverables;
drop function if exists deliverables_version();
alter table if exists deliverables drop column if exists version;

delete from schema_scripts where name = '067_deliverable_version';
