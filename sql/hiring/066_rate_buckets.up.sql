-- Rates: a bucket of tokens a caller, of which replicas take chunks. Unlogged: after a crash every bucket is full again.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create unlogged table rate_buckets (
  name text not null,
  tokens double precision not null,
  filled_at timestamptz not null,
  granted integer not null,
  constraint pk_rate_buckets primary key (name),
  constraint ck_rate_buckets_tokens check (tokens >= 0)
) with (fillfactor = 50);

comment on table rate_buckets is 'Tokens that callers have left, over all replicas; one that is not here is full.';
comment on column rate_buckets.name is 'What is bounded, and whose it is.';
comment on column rate_buckets.tokens is 'Tokens that were left at filled_at.';
comment on column rate_buckets.granted is 'How many of the tokens that were asked for last were granted.';
comment on column rate_buckets.filled_at is 'When it was refilled last; what it gained since is not in it yet.';

insert into schema_scripts (name) values ('066_rate_buckets') on conflict (name) do nothing;
