-- Takes back 220_feed_rebuild.

alter table feed_cursor
  drop column if exists rebuild_until,
  drop column if exists rebuild;

delete from schema_scripts where name = '220_feed_rebuild';
