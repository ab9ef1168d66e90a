-- Takes back 091_feed_unplaced_xid.

drop index if exists ix_hiring_outbox_unplaced_xid;

delete from schema_scripts where name = '091_feed_unplaced_xid';
