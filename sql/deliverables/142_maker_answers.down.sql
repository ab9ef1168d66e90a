-- Takes back 142_maker_answers.

alter table if exists makings drop column if exists bad_answers;

delete from schema_scripts where name = '142_maker_answers';
