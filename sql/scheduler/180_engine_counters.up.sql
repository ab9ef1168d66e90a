-- What the engine counts, kept where all replicas see it and no restart forgets it. Each replica adds to one of a few shards,
-- so that they do not wait for each other; a reader sums them.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table engine_counters (
    name varchar not null,
    label varchar not null,
    shard smallint not null,
    value float8 not null,
    constraint pk_engine_counters primary key (name, label, shard),
    constraint ck_engine_counters_value check (value >= 0)
);

comment on table engine_counters is 'Counters and histograms of the engine since the database was made; never pruned';
comment on column engine_counters.name is 'What is counted';
comment on column engine_counters.label is 'The outcome, or the upper bound of a histogram''s bucket in seconds';
comment on column engine_counters.shard is 'Whose part of the sum it is: replicas spread over these';
comment on column engine_counters.value is 'The count, or a sum of seconds';

insert into schema_ledger (name) values ('180_engine_counters') on conflict (name) do nothing;
