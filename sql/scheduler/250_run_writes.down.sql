-- Takes back 250_run_writes.

do $back$
begin
  if exists (select from pg_class where oid = to_regclass('scheduled_goal_runs')) then
    drop trigger if exists scheduled_runs_gone on scheduled_goal_runs;
    if not exists (select from pg_constraint where conname = 'uq_scheduled_runs_request_id') then
      alter table scheduled_goal_runs add constraint uq_scheduled_runs_request_id unique (request_id);
    end if;
  end if;
  if to_regclass('run_queue') is not null and to_regclass('scheduled_goal_runs') is not null then
    delete from run_queue q where not exists (select from scheduled_goal_runs r where r.scheduled_run_id = q.scheduled_run_id);
    if not exists (select from pg_constraint where conname = 'fk_run_queue_run') then
      alter table run_queue add constraint fk_run_queue_run foreign key (scheduled_run_id)
        references scheduled_goal_runs (scheduled_run_id) on delete cascade;
    end if;
  end if;
end
$back$;
drop function if exists remove_queued_runs();
drop index if exists uq_scheduled_runs_request;

delete from schema_scripts where name = '250_run_writes';
