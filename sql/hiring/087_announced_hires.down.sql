drop index if exists ix_hired_agents_unannounced;
alter table if exists hired_agents drop column if exists announced_version;
delete from schema_scripts where name = '087_announced_hires';
