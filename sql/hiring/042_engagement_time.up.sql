-- What time alone does to a subscription and to the trial of a hire, and how it is found when due.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

alter table subscriptions
  add column anchor_at timestamptz,
  add column past_due_since timestamptz;

update subscriptions set anchor_at = current_period_start,
  past_due_since = case when status = 'past_due' then updated_at end;

alter table subscriptions
  alter column anchor_at set not null,
  add constraint ck_subscriptions_past_due_since check ((status = 'past_due') = (past_due_since is not null));

create index ix_subscriptions_current_period_end on subscriptions (current_period_end)
  where status = 'active' or (status = 'past_due' and cancel_at_period_end);
create index ix_subscriptions_past_due_since on subscriptions (past_due_since) where status = 'past_due';
create index ix_hired_agents_trial_end on hired_agents (trial_end) where trial_status = 'active';

comment on column subscriptions.anchor_at is 'Start of its first paid period: every later one is counted in months from here, so that the 31st comes back after February.';
comment on column subscriptions.past_due_since is 'Since when it is past due: 14 days later it is canceled.';

insert into schema_ledger (name) values ('042_engagement_time') on conflict (name) do nothing;
