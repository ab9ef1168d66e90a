-- The slot that each goal's latest run on request was given, so that no two runs of a goal are promised the same one.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

alter table goal_instances
  add column last_run_slot timestamptz,
  add column last_run_request varchar,
  add constraint ck_goal_instances_last_run check ((last_run_slot is null) = (last_run_request is null));

comment on column goal_instances.last_run_slot is 'Slot of the latest run that was asked for, whole milliseconds: the next one is later. Null before the first.';
comment on column goal_instances.last_run_request is 'The request that got last_run_slot: handled again, it gets the same. Null before the first.';

insert into schema_ledger (name) values ('050_run_slots') on conflict (name) do nothing;
