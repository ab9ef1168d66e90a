-- What the makers of a hire cost in a month, against its budget: one row that a call's record locks, so that calls at the same time
-- never pass the budget together.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create table making_costs (
    hired_instance_id varchar not null,
    month varchar not null,
    cost bigint not null,
    constraint pk_making_costs primary key (hired_instance_id, month),
    constraint ck_making_costs_month check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    constraint ck_making_costs_cost check (cost >= 0)
);

alter table making_calls add column month varchar;

comment on table making_costs is 'The sum of what the calls of a hire''s makers cost in a month; one without an end counts with its maximum';
comment on column making_costs.hired_instance_id is 'The hire';
comment on column making_costs.month is 'The month (YYYY-MM) in the zone of the hire';
comment on column making_costs.cost is 'In millionths';
comment on column making_calls.month is 'The month of making_costs in which it counts';

insert into schema_scripts (name) values ('130_making_costs') on conflict (name) do nothing;
