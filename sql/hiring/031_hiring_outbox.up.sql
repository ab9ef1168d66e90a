-- The outbox: what the change feed serves, written in the transaction of the change itself.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table hiring_outbox (
  xid xid8 not null default pg_current_xact_id(),
  seq bigserial not null,
  kind varchar not null,
  payload jsonb not null,
  created_at timestamptz not null default now(),
  constraint pk_hiring_outbox primary key (xid, seq),
  constraint ck_hiring_outbox_kind check (kind in ('goal', 'hire', 'subscription', 'run')),
  constraint ck_hiring_outbox_payload check (jsonb_typeof(payload) = 'object' and payload->>'type' = kind)
);

create index ix_hiring_outbox_run on hiring_outbox (xid, seq) where kind = 'run';

-- a request to run now that is handled again after a crash asks for one run
create unique index uq_hiring_outbox_request_id on hiring_outbox ((payload->>'request_id')) where kind = 'run';

comment on table hiring_outbox is 'Changes in the order (xid, seq); one is served once no older transaction can still commit; kept 7 days.';
comment on column hiring_outbox.xid is 'Transaction that wrote it.';
comment on column hiring_outbox.seq is 'Its place among the changes of that transaction.';
comment on column hiring_outbox.kind is 'goal, hire, subscription or run.';
comment on column hiring_outbox.payload is 'The change, as the feed serves it.';
comment on column hiring_outbox.created_at is 'When its transaction began.';

create table hiring_feed_floor (
  only_row boolean not null default true,
  xid xid8 not null,
  seq bigint not null,
  constraint pk_hiring_feed_floor primary key (only_row),
  constraint ck_hiring_feed_floor_only_row check (only_row)
);

comment on table hiring_feed_floor is 'Up to where the outbox was pruned: a cursor below it has missed something.';
comment on column hiring_feed_floor.only_row is 'There is one row.';
comment on column hiring_feed_floor.xid is 'Transaction of the last change that was pruned.';
comment on column hiring_feed_floor.seq is 'Sequence of the last change that was pruned.';

insert into hiring_feed_floor (xid, seq) values ('0', 0) on conflict do nothing;

insert into schema_ledger (name) values ('031_hiring_outbox') on conflict (name) do nothing;
