-- Takes back 110_makings.

drop table if exists making_calls;
drop table if exists maker_places;
drop table if exists makings;
drop sequence if exists making_fence;

delete from schema_scripts where name = '110_makings';
