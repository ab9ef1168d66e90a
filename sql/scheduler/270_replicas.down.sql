-- Takes back 270_replicas.

drop table if exists scheduler_replicas;

delete from schema_scripts where name = '270_replicas';
