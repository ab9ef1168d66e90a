-- Lists of who had deliveries tried again: with the action log, the latest first, of all or of one operator.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create index ix_delivery_action_log_timestamp on delivery_action_log (timestamp, log_id);
create index ix_delivery_action_log_operator on delivery_action_log (operator, timestamp, log_id);

insert into schema_scripts (name) values ('076_delivery_action_lists') on conflict (name) do nothing;
