-- Takes back 031_hiring_outbox: changes that nobody has read yet go with it.

drop table if exists hiring_feed_floor;
drop table if exists hiring_outbox;

delete from schema_ledger where name = '031_hiring_outbox';
