-- What each run writes becomes less. A row of the queue is made with its run in one transaction, so that its foreign key
-- never found anything, but cost a look and a lock for each; and a run that nobody asked for by a
-- request needs no entry in the index of requests.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table run_queue drop constraint fk_run_queue_run;
-- Before: it leaves the slots that an edit drops to the cascade, which this goes on doing: a run that is removed leaves the queue
create function remove_queued_runs() returns trigger
language plpgsql security definer set search_path from current as $body$
begin
    delete from run_queue where scheduled_run_id = any (array(select scheduled_run_id from gone));
    return null;
end
$body$;
create trigger scheduled_runs_gone after delete on scheduled_goal_runs referencing old table as gone
    for each statement execute function remove_queued_runs();

-- Before: the program writes the same requests, one row each; "on conflict do nothing" names no index
create unique index uq_scheduled_runs_request on scheduled_goal_runs (request_id) where request_id is not null;
alter table scheduled_goal_runs drop constraint uq_scheduled_runs_request_id;

comment on function remove_queued_runs() is 'Takes removed runs out of the queue';

insert into schema_scripts (name) values ('250_run_writes') on conflict (name) do nothing;
