-- Takes back 066_rate_buckets.

drop table if exists rate_buckets;
delete from schema_scripts where name = '066_rate_buckets';
