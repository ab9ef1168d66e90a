-- Takes back 272_run_ends.

drop function if exists end_runs(varchar[], bigint[], varchar[], varchar[], varchar, double precision[], double precision[]);

do $back$
begin
  if exists (select from pg_constraint where conname = 'idx_scheduled_runs_goal_time') then
    alter table scheduled_goal_runs rename constraint idx_scheduled_runs_goal_time to uq_scheduled_runs_goal_slot;
    create index idx_scheduled_runs_goal_time on scheduled_goal_runs (goal_instance_id, scheduled_time);
  end if;
end
$back$;

delete from schema_scripts where name = '272_run_ends';
