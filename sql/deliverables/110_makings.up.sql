-- Makings: drafts that a model or a program of the provider's own makes, which takes long. The queue holds each until it ends,
-- so that nothing else is held for it: no transaction, no connection, no lease of the scheduler's.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create sequence making_fence;
comment on sequence making_fence is 'Grows with every claim of a making, so that a holder that lost its lease is recognised';

create table makings (
    idempotency_key varchar not null,
    customer_id varchar not null,
    agent_id varchar not null,
    definition_version varchar not null,
    hired_instance_id varchar not null,
    goal_instance_id varchar not null,
    goal_template_id varchar not null,
    scheduled_time timestamptz not null,
    input jsonb not null,
    place varchar not null,
    timeout_seconds integer not null,
    attempt varchar,
    state varchar not null,
    since timestamptz not null default now(),
    deadline timestamptz,
    lease_until timestamptz,
    fence bigint,
    calls integer not null default 0,
    note varchar,
    problem jsonb,
    ended_at timestamptz,
    constraint pk_makings primary key (idempotency_key),
    constraint ck_makings_state check (state in ('waiting', 'making', 'made', 'failed', 'cancelled')),
    constraint ck_makings_held check ((state = 'making') = (lease_until is not null and fence is not null and deadline is not null)),
    constraint ck_makings_ended check ((state in ('made', 'failed', 'cancelled')) = (ended_at is not null)),
    constraint ck_makings_problem check ((state = 'failed') = (problem is not null)),
    constraint ck_makings_input check (jsonb_typeof(input) = 'object'),
    constraint ck_makings_timeout check (timeout_seconds between 1 and 3600),
    constraint ck_makings_calls check (calls >= 0),
    constraint ck_makings_note check (length(note) <= 300)
);
create index ix_makings_open on makings (place, customer_id, since) where state in ('waiting', 'making');
create index ix_makings_leases on makings (lease_until) where state = 'making';
create index ix_makings_ended on makings (ended_at) where ended_at is not null;

comment on table makings is 'Drafts of slow makers, each from its request until it is stored, refused or cancelled; kept 30 days after its end';
comment on column makings.idempotency_key is 'The key of the run, under which the draft is stored';
comment on column makings.customer_id is 'The customer of the hire';
comment on column makings.agent_id is 'The agent type';
comment on column makings.definition_version is 'The version of the agent type that the hire is pinned to';
comment on column makings.hired_instance_id is 'The hire';
comment on column makings.goal_instance_id is 'The goal';
comment on column makings.goal_template_id is 'The goal''s template, which names the maker';
comment on column makings.scheduled_time is 'The slot of the run';
comment on column makings.input is 'What it is made from: the hire''s config and settings and the goal''s settings, as they were when it was asked for';
comment on column makings.place is 'Where its maker is called: a model by its alias, or a host';
comment on column makings.timeout_seconds is 'How long the maker may take';
comment on column makings.attempt is 'The attempt of the run that asked for it; a making that failed is made again under another';
comment on column makings.state is 'waiting -> making -> made or failed; making -> waiting when its maker is away or its holder is lost; cancelled when its run is';
comment on column makings.since is 'When this attempt was asked for';
comment on column makings.deadline is 'When the maker is late; null while it waits for its maker';
comment on column makings.lease_until is 'Until when a replica holds it; then that one counts as lost';
comment on column makings.fence is 'Number of its claim: only the holder of it may record calls, notes and the end';
comment on column makings.calls is 'How often the maker was called in this attempt';
comment on column makings.note is 'What the maker last said of its progress, or why it waits';
comment on column makings.problem is 'Why it failed, as the run is answered';
comment on column makings.ended_at is 'When it ended';

create table maker_places (
    place varchar not null,
    most integer not null,
    failures integer not null default 0,
    open_since timestamptz,
    retry_at timestamptz,
    last_error varchar,
    constraint pk_maker_places primary key (place),
    constraint ck_maker_places_most check (most > 0),
    constraint ck_maker_places_open check ((open_since is null) = (retry_at is null)),
    constraint ck_maker_places_failures check (failures >= 0)
);

comment on table maker_places is 'Where makers are called, how many makings work there at once, and the breaker of each';
comment on column maker_places.place is 'model:<alias> or host:<host>:<port>';
comment on column maker_places.most is 'How many makings work there at once, over all replicas';
comment on column maker_places.failures is 'How often it was found away in a row';
comment on column maker_places.open_since is 'Since when it is away; null while it is there';
comment on column maker_places.retry_at is 'When one making may try it again; null while it is there';
comment on column maker_places.last_error is 'How it was found away last';

create table making_calls (
    call_id varchar not null,
    idempotency_key varchar not null,
    customer_id varchar not null,
    hired_instance_id varchar not null,
    goal_instance_id varchar not null,
    place varchar not null,
    model varchar,
    max_cost bigint not null,
    max_tokens bigint not null,
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    outcome varchar,
    tokens_in bigint,
    tokens_out bigint,
    cost bigint,
    error varchar,
    constraint pk_making_calls primary key (call_id),
    constraint ck_making_calls_most check (max_cost >= 0 and max_tokens >= 0),
    constraint ck_making_calls_used check (tokens_in >= 0 and tokens_out >= 0 and cost >= 0),
    constraint ck_making_calls_outcome check (outcome in ('answered', 'refused', 'failed', 'unreached')),
    constraint ck_making_calls_ended check ((outcome is null) = (ended_at is null)
        and (outcome is null) = (tokens_in is null or tokens_out is null or cost is null))
);
create index ix_making_calls_hire on making_calls (hired_instance_id, started_at);
create index ix_making_calls_run on making_calls (idempotency_key);

comment on table making_calls is 'Each call of a maker, recorded before it was sent. One without an outcome counts with its maximum';
comment on column making_calls.call_id is 'The call (CAL-)';
comment on column making_calls.idempotency_key is 'The key of the run';
comment on column making_calls.customer_id is 'The customer of the hire';
comment on column making_calls.hired_instance_id is 'The hire, which has the budget';
comment on column making_calls.goal_instance_id is 'The goal';
comment on column making_calls.place is 'Where it was sent';
comment on column making_calls.model is 'The model at its provider; null of a program';
comment on column making_calls.max_cost is 'The most that it can cost, in millionths';
comment on column making_calls.max_tokens is 'The most tokens that it can use, in and out together';
comment on column making_calls.started_at is 'When it was recorded, before it was sent';
comment on column making_calls.ended_at is 'When it ended; null while nobody knows';
comment on column making_calls.outcome is 'answered, refused, failed or unreached; null while nobody knows';
comment on column making_calls.tokens_in is 'The tokens that it was given';
comment on column making_calls.tokens_out is 'The tokens that it answered with';
comment on column making_calls.cost is 'What it cost, in millionths, rounded up';
comment on column making_calls.error is 'What went wrong, in one line';

insert into schema_scripts (name) values ('110_makings') on conflict (name) do nothing;
