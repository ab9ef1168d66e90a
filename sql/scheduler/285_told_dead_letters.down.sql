-- Takes back 285_told_dead_letters.

alter table if exists scheduler_dlq drop column if exists told_at;

delete from schema_scripts where name = '285_told_dead_letters';
