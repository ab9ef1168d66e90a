-- Takes back 050_run_slots.

alter table goal_instances
  drop constraint if exists ck_goal_instances_last_run,
  drop column if exists last_run_request,
  drop column if exists last_run_slot;

delete from schema_ledger where name = '050_run_slots';
