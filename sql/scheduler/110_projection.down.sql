drop table if exists feed_cursor;
drop table if exists projected_goals;
drop table if exists projected_hires;
delete from schema_ledger where name = '110_projection';
