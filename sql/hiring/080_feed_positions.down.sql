-- Takes back 080_feed_positions.

drop trigger if exists hiring_outbox_removed on hiring_outbox;
drop function if exists hiring_outbox_removed();
drop table if exists hiring_feed_sequence;
alter table hiring_outbox
  drop constraint if exists ck_hiring_outbox_position,
  drop column if exists mark,
  drop column if exists position;

delete from schema_scripts where name = '080_feed_positions';
