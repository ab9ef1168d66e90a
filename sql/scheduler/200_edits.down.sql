drop table if exists dropped_slots;
alter table if exists projected_goals drop column if exists decided_until, drop column if exists replan_until;
delete from schema_scripts where name = '200_edits';
