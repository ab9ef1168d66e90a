-- Takes back 042_engagement_time.

drop index if exists ix_hired_agents_trial_end;
drop index if exists ix_subscriptions_past_due_since;
drop index if exists ix_subscriptions_current_period_end;

alter table subscriptions
  drop constraint if exists ck_subscriptions_past_due_since,
  drop column if exists past_due_since,
  drop column if exists anchor_at;

delete from schema_ledger where name = '042_engagement_time';
