-- Takes back 252_run_keys.

do $back$
begin
  if to_regclass('scheduled_goal_runs') is not null
      and not exists (select from pg_constraint where conname = 'uq_scheduled_runs_idempotency_key') then
    alter table scheduled_goal_runs add constraint uq_scheduled_runs_idempotency_key unique (idempotency_key);
  end if;
end
$back$;

delete from schema_scripts where name = '252_run_keys';
