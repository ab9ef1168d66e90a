-- The feed's order is a position that a reader gives to committed changes: it hangs on no other transaction, has no gaps, and
-- survives a restore into another cluster, whose transaction ids begin anew. Version 0.2.0 may run beside: it inserts changes
-- without a position, and reads and prunes by (xid, seq).
-- Before: 0.2.0 writes neither of the new columns, so the check and the unique index hold for its rows; its statements that
-- remove changes pass the trigger, which moves the new floor as well.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table hiring_outbox
  add column position bigint,
  add column mark integer,
  add constraint ck_hiring_outbox_position check ((position is null) = (mark is null) and position > 0 and mark >= 0);

create unique index uq_hiring_outbox_position on hiring_outbox (position) where position is not null;
create index ix_hiring_outbox_unplaced on hiring_outbox (seq) where position is null;
create index ix_hiring_outbox_run_position on hiring_outbox (position) where kind = 'run' and position is not null;

comment on column hiring_outbox.position is 'Its place in the feed, from 1, without gaps; null until a reader has placed it after its commit.';
comment on column hiring_outbox.mark is 'A random number, given with the position: a cursor from before a restore has another one.';

create table hiring_feed_sequence (
  only_row boolean not null default true,
  position bigint not null,
  mark integer not null,
  floor bigint not null,
  floor_mark integer not null,
  constraint pk_hiring_feed_sequence primary key (only_row),
  constraint ck_hiring_feed_sequence_only_row check (only_row),
  constraint ck_hiring_feed_sequence_floor check (floor >= 0 and position >= floor)
);

comment on table hiring_feed_sequence is 'How far the feed''s changes were placed, and up to where they were removed.';
comment on column hiring_feed_sequence.only_row is 'There is one row.';
comment on column hiring_feed_sequence.position is 'The last position that was given.';
comment on column hiring_feed_sequence.mark is 'The mark of that position.';
comment on column hiring_feed_sequence.floor is 'The last position that was removed: a cursor below it has missed something.';
comment on column hiring_feed_sequence.floor_mark is 'The mark of that position.';

insert into hiring_feed_sequence (position, mark, floor, floor_mark)
select 0, mark, 0, mark from (select floor(random() * 4194304)::integer as mark) as drawn
on conflict do nothing;

-- Moves both floors past what was removed, whichever version removes it. A change that goes without having had a position is
-- missed by every reader: a position that no change has makes them all begin again
create function hiring_outbox_removed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $removed$
declare
  last record;
begin
  select o.position, o.mark into last from removed o where o.position is not null order by o.position desc limit 1;
  if found then
    update hiring_feed_sequence s set floor = last.position, floor_mark = last.mark where s.floor < last.position;
  end if;
  if exists (select from removed where position is null) then
    update hiring_feed_sequence s set position = s.position + 1, floor = s.position + 1, mark = drawn, floor_mark = drawn
    from (select floor(random() * 4194304)::integer as drawn) as d;
  end if;
  select o.xid, o.seq into last from removed o order by o.xid desc, o.seq desc limit 1;
  if found then
    update hiring_feed_floor f set xid = last.xid, seq = last.seq where (f.xid, f.seq) < (last.xid, last.seq);
  end if;
  return null;
end
$removed$;

comment on function hiring_outbox_removed() is 'Moves the floors of the feed past the changes that a statement removed.';

create trigger hiring_outbox_removed after delete on hiring_outbox
  referencing old table as removed for each statement execute function hiring_outbox_removed();

insert into schema_scripts (name) values ('080_feed_positions') on conflict (name) do nothing;
