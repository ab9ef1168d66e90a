-- Subscriptions: what a customer pays for, and under which an agent is hired.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table subscriptions (
  subscription_id varchar not null,
  agent_id varchar not null,
  customer_id varchar not null,
  duration varchar not null,
  status varchar not null,
  current_period_start timestamptz not null,
  current_period_end timestamptz not null,
  cancel_at_period_end boolean not null default false,
  ended_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version bigint not null default 1,
  constraint pk_subscriptions primary key (subscription_id),
  constraint ck_subscriptions_duration check (duration in ('monthly', 'quarterly', 'yearly')),
  constraint ck_subscriptions_status check (status in ('pending_payment', 'active', 'past_due', 'canceled')),
  constraint ck_subscriptions_period check (current_period_end > current_period_start),
  constraint ck_subscriptions_ended_at check ((status = 'canceled') = (ended_at is not null)),
  constraint ck_subscriptions_version check (version > 0)
);

create index ix_subscriptions_customer_id on subscriptions (customer_id, subscription_id);

comment on table subscriptions is 'What a customer pays for: a hired agent runs while its subscription is active.';
comment on column subscriptions.subscription_id is 'Unique identifier: SUB- and a time-ordered uuid.';
comment on column subscriptions.agent_id is 'Agent type ID that may be hired under it.';
comment on column subscriptions.customer_id is 'Customer who subscribed: the subject of its tokens.';
comment on column subscriptions.duration is 'Length of a period: monthly, quarterly or yearly.';
comment on column subscriptions.status is 'pending_payment -> active <-> past_due; any -> canceled, which is final.';
comment on column subscriptions.current_period_start is 'Start of the period; it starts anew at the first activation.';
comment on column subscriptions.current_period_end is 'End of the period, by calendar months, clamped to the month''s last day.';
comment on column subscriptions.cancel_at_period_end is 'Whether the subscription ends with its period.';
comment on column subscriptions.ended_at is 'When it was canceled; its hire can be read for 30 days more.';
comment on column subscriptions.created_at is 'Creation timestamp.';
comment on column subscriptions.updated_at is 'Last update timestamp.';
comment on column subscriptions.version is 'Grows with every write, so that a reader of the feed recognises an old change.';

insert into schema_ledger (name) values ('010_subscriptions') on conflict (name) do nothing;
