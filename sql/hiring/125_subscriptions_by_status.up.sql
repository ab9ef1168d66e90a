-- Operators read the subscriptions of all customers that are in a state, by id, page by page: who waits for a payment.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create index ix_subscriptions_status on subscriptions (status, subscription_id);

insert into schema_scripts (name) values ('125_subscriptions_by_status') on conflict (name) do nothing;
