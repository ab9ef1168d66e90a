-- Takes back 060_deliverable_lists.

drop index if exists ix_deliverables_created;
drop index if exists ix_deliverables_goal_created;
drop index if exists ix_deliverables_agent_created;
alter table if exists deliverables drop column if exists agent_id;

delete from schema_scripts where name = '060_deliverable_lists';
