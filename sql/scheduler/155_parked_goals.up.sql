-- Parked goals: one that falls due while its hire or customer is paused is put aside until the resume, so that nobody passes
-- over it again and again. And an index by which some goals of every customer are found, however many of one are due.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

alter table projected_goals add column parked boolean not null default false;
drop index ix_projected_goals_due_at;
create index ix_projected_goals_due_at on projected_goals (due_at) where due_at is not null and not parked;
create index ix_projected_goals_customer_due on projected_goals (customer_id, due_at) where due_at is not null and not parked;
create index ix_projected_goals_parked on projected_goals (customer_id, hired_instance_id) where parked;

comment on column projected_goals.parked is 'Whether it fell due while paused, and waits for the resume';

insert into schema_ledger (name) values ('155_parked_goals') on conflict (name) do nothing;
