-- Each page of the feed tells the first transaction of the changes that have no position yet: with many of them it was found by
-- looking at all.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create index ix_hiring_outbox_unplaced_xid on hiring_outbox (xid) where position is null;

insert into schema_scripts (name) values ('091_feed_unplaced_xid') on conflict (name) do nothing;
