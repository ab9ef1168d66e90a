-- Alerts in the form that packages/edge tells them from: one open row of a kind and subject, with its sentences.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create table alerts (
    alert_id varchar not null,
    kind varchar not null,
    subject varchar not null,
    message text not null,
    end_message text,
    details jsonb not null default '{}',
    end_details jsonb,
    begun_at timestamptz not null default now(),
    held_at timestamptz not null default now(),
    ended_at timestamptz,
    begin_told_at timestamptz,
    end_told_at timestamptz,
    tries integer not null default 0,
    next_try_at timestamptz not null default now(),
    leased_until timestamptz,
    constraint pk_alerts primary key (alert_id),
    constraint ck_alerts_ended check (ended_at >= begun_at),
    constraint ck_alerts_end check ((end_message is null and end_details is null) or ended_at is not null),
    constraint ck_alerts_end_told check (end_told_at is null or (ended_at is not null and begin_told_at is not null)),
    constraint ck_alerts_tries check (tries >= 0)
);
create unique index uq_alerts_open on alerts (kind, subject) where ended_at is null;
create index ix_alerts_untold on alerts (next_try_at)
    where begin_told_at is null or (ended_at is not null and end_told_at is null);
create index ix_alerts_ended_at on alerts (ended_at) where ended_at is not null;

comment on table alerts is 'Alerts: each from its begin to its end, and what was told of both; kept 90 days after its end';
comment on column alerts.alert_id is 'The alert: the receiver of a webhook tells a repetition by it';
comment on column alerts.kind is 'What holds, by one of few fixed names';
comment on column alerts.subject is 'What it holds for; all where there is but one';
comment on column alerts.message is 'Its begin in one sentence';
comment on column alerts.end_message is 'Its end in one sentence';
comment on column alerts.details is 'The facts at its begin';
comment on column alerts.end_details is 'The same at its end';
comment on column alerts.begun_at is 'Since when it holds';
comment on column alerts.held_at is 'When a replica last said that it holds';
comment on column alerts.ended_at is 'When it ceased to hold';
comment on column alerts.begin_told_at is 'When its begin was told';
comment on column alerts.end_told_at is 'When its end was told';
comment on column alerts.tries is 'How often telling was tried in vain';
comment on column alerts.next_try_at is 'When to try next';
comment on column alerts.leased_until is 'Until when a replica is telling it, unless that one is lost; null while none is';

insert into schema_scripts (name) values ('210_alerts') on conflict (name) do nothing;
