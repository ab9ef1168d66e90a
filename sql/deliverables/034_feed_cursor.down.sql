-- Takes back 034_feed_cursor: the feed is followed from a snapshot again.

drop table if exists feed_cursor;
drop table if exists deleted_goals;

delete from schema_ledger where name = '034_feed_cursor';
