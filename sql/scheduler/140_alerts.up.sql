-- Alerts: a condition that holds, from when to when, and what was told of it. One open row a condition, so that however
-- many replicas look, it begins once and ends once.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table scheduler_alerts (
    alert_id varchar not null,
    kind varchar not null,
    subject varchar not null,
    begun_at timestamptz not null,
    ended_at timestamptz,
    details jsonb not null,
    end_details jsonb,
    begin_told_at timestamptz,
    end_told_at timestamptz,
    tries integer not null default 0,
    next_try_at timestamptz not null default now(),
    leased_until timestamptz,
    constraint pk_scheduler_alerts primary key (alert_id),
    constraint ck_scheduler_alerts_kind check (kind in ('success_rate', 'pending', 'failures', 'dead_letters', 'paused')),
    constraint ck_scheduler_alerts_ended check (ended_at >= begun_at),
    constraint ck_scheduler_alerts_end_told check (end_told_at is null or (ended_at is not null and begin_told_at is not null)),
    constraint ck_scheduler_alerts_end_details check (end_details is null or ended_at is not null),
    constraint ck_scheduler_alerts_tries check (tries >= 0)
);
create unique index uq_scheduler_alerts_open on scheduler_alerts (kind, subject) where ended_at is null;
create index ix_scheduler_alerts_untold on scheduler_alerts (next_try_at)
    where begin_told_at is null or (ended_at is not null and end_told_at is null);
create index ix_scheduler_alerts_ended_at on scheduler_alerts (ended_at) where ended_at is not null;

comment on table scheduler_alerts is 'Alerts: each from its begin to its end, and what was told of both; kept 90 days after its end';
comment on column scheduler_alerts.alert_id is 'The alert: the receiver of a webhook tells a repetition by it';
comment on column scheduler_alerts.kind is 'What holds: success_rate (below 0.90), pending (over 100), failures (3 in a row), dead_letters (10 or more), paused';
comment on column scheduler_alerts.subject is 'What it holds for: a goal for failures, a scope for paused, all for the others';
comment on column scheduler_alerts.begun_at is 'Since when it holds';
comment on column scheduler_alerts.ended_at is 'When it ceased to hold';
comment on column scheduler_alerts.details is 'The figures, or who and why, at its begin';
comment on column scheduler_alerts.end_details is 'The same at its end';
comment on column scheduler_alerts.begin_told_at is 'When its begin was told';
comment on column scheduler_alerts.end_told_at is 'When its end was told';
comment on column scheduler_alerts.tries is 'How often telling was tried in vain';
comment on column scheduler_alerts.next_try_at is 'When to try next';
comment on column scheduler_alerts.leased_until is 'Until when a replica is telling it, unless that one is lost; null while none is';

insert into schema_ledger (name) values ('140_alerts') on conflict (name) do nothing;
