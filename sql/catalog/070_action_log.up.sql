-- The action log of catalog: what operators did to what all customers can hire, and what the system did. Kept for ever.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create table catalog_action_log (
  log_id varchar not null,
  action varchar not null,
  operator varchar not null,
  timestamp timestamptz not null,
  goal_instance_id varchar,
  reason varchar,
  action_metadata jsonb not null,
  constraint pk_catalog_action_log primary key (log_id)
);

create index ix_catalog_action_log_timestamp on catalog_action_log (timestamp, log_id);
create index ix_catalog_action_log_operator on catalog_action_log (operator, timestamp, log_id);

create function refuse_change() returns trigger language plpgsql as $refuse$
begin
  raise exception '% on % is refused: its rows are kept as they are', tg_op, tg_table_name
    using errcode = 'insufficient_privilege';
end
$refuse$;

comment on function refuse_change() is 'Refuses the statement that fires it, to everyone.';

create trigger catalog_action_log_is_immutable before update or delete or truncate on catalog_action_log
  for each statement execute function refuse_change();

comment on table catalog_action_log is 'Immutable audit trail: an action and its line commit together.';
comment on column catalog_action_log.log_id is 'Unique identifier: LOG- and a time-ordered uuid.';
comment on column catalog_action_log.action is 'What was done.';
comment on column catalog_action_log.operator is 'The subject of who did it; system for what the system does itself.';
comment on column catalog_action_log.timestamp is 'When it was done.';
comment on column catalog_action_log.goal_instance_id is 'The goal that it was done to, if it was one.';
comment on column catalog_action_log.reason is 'Why, where a reason was given.';
comment on column catalog_action_log.action_metadata is 'What it was done to, and what differs afterwards.';

insert into schema_scripts (name) values ('070_action_log') on conflict (name) do nothing;
