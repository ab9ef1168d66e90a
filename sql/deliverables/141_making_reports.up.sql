-- What reports and budgets ask of the calls of makers: those of a customer in a period, and the sum of a month.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create index ix_making_calls_customer on making_calls (customer_id, started_at);

alter table making_costs add column budget bigint;
create index ix_making_costs_month on making_costs (month);

comment on column making_costs.budget is 'What the month may cost, as of the last call, in millionths; null: no limit';

insert into schema_scripts (name) values ('141_making_reports') on conflict (name) do nothing;
