-- Which replicas of the scheduler there are: each says every 15 seconds that it is here. Nothing is decided by it: who holds a
-- run says its lease in run_queue.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create table scheduler_replicas (
    replica varchar not null,
    version varchar not null,
    max_running integer not null,
    started_at timestamptz not null,
    seen_at timestamptz not null,
    constraint pk_scheduler_replicas primary key (replica)
);

comment on table scheduler_replicas is 'The replicas that run, or went away within a day without stopping';
comment on column scheduler_replicas.replica is 'Its name: run_queue.holder of what it holds';
comment on column scheduler_replicas.version is 'The version of its program';
comment on column scheduler_replicas.max_running is 'How many runs it may hold at once';
comment on column scheduler_replicas.started_at is 'When it started';
comment on column scheduler_replicas.seen_at is 'When it said last that it is here';

insert into schema_scripts (name) values ('270_replicas') on conflict (name) do nothing;
