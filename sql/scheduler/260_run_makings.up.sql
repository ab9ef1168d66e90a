-- Runs whose drafts slow makers make. Such a run stays held, by nobody in particular, until its draft is there: here stands when
-- deliverables is asked next, and what it last said.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create table run_makings (
    scheduled_run_id varchar not null,
    fence bigint not null,
    idempotency_key varchar not null,
    next_look_at timestamptz not null,
    looks integer not null default 0,
    making jsonb not null,
    constraint pk_run_makings primary key (scheduled_run_id),
    constraint ck_run_makings_looks check (looks >= 0)
);
create index ix_run_makings_next on run_makings (next_look_at);

comment on table run_makings is 'Runs under way whose drafts are being made; a row whose run is not held by its fence any more is of a making to be cancelled';
comment on column run_makings.scheduled_run_id is 'The run';
comment on column run_makings.fence is 'The claim that asked for the draft: the attempt';
comment on column run_makings.idempotency_key is 'The run''s key, under which the draft is made';
comment on column run_makings.next_look_at is 'When deliverables is asked again';
comment on column run_makings.looks is 'How often it was asked';
comment on column run_makings.making is 'What it last said: since, deadline, calls, note';

insert into schema_scripts (name) values ('260_run_makings') on conflict (name) do nothing;
