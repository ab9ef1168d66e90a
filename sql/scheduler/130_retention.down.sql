drop index ix_missed_slots_recorded_at;
drop index ix_scheduler_dlq_closed_at;
drop index ix_goal_runs_completed_at;
drop index ix_scheduled_runs_dead;
drop index ix_scheduled_runs_closed_at;
comment on column scheduled_goal_runs.dlq_id is 'The dead letter that it belongs to';
-- runs whose entry went already can't be linked to it
update scheduled_goal_runs r set dlq_id = null
    where dlq_id is not null and not exists (select from scheduler_dlq d where d.dlq_id = r.dlq_id);
alter table scheduled_goal_runs
    add constraint scheduled_goal_runs_dlq_id_fkey foreign key (dlq_id) references scheduler_dlq (dlq_id);
delete from schema_ledger where name = '130_retention';
