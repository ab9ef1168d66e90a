-- Who rebuilds the projection from a snapshot: one replica at a time, since a page of a snapshot overwrites what is projected,
-- and one that was read earlier must not overwrite one that was read later.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table feed_cursor
  add column rebuild varchar,
  add column rebuild_until timestamptz;

comment on column feed_cursor.rebuild is 'The rebuild under way, a drawn id; null or past rebuild_until: none';
comment on column feed_cursor.rebuild_until is 'Until when it keeps others away; each page moves it on';

insert into schema_scripts (name) values ('220_feed_rebuild') on conflict (name) do nothing;
