-- Takes back 272_run_ends.

drop function if exists end_runs(varchar[], bigint[], varchar[], varchar[], varchar, double precision[], double precision[]);

do $back$
begin
  if to_regclass('scheduled_goal_runs') is not null
      and not exists (select from pg_constraint where conname = 'uq_scheduled_runs_goal_slot') then
    alter table scheduled_goal_runs add constraint uq_scheduled_runs_goal_slot unique (goal_instance_id, scheduled_time);
    drop index if exists idx_scheduled_runs_goal_time;
    create index idx_scheduled_runs_goal_time on scheduled_goal_runs (goal_instance_id, scheduled_time);
  end if;
end
$back$;

delete from schema_scripts where name = '272_run_ends';
