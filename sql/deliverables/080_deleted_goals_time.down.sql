-- Takes back 080_deleted_goals_time.

alter table deleted_goals drop column if exists recorded_at;

delete from schema_scripts where name = '080_deleted_goals_time';
