-- Hires that the feed was not told of. Every write of a hire is in the feed, since a draft names the version that it was decided
-- by; 0.2.0 told only what the scheduler runs by.
-- Before: 0.2.0 knows nothing of the table. Its writes of hires pass the trigger, which refuses nothing, and are told by the
-- program of after. (A column of hired_agents would break its prepared statements, which select all columns.)

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create table unannounced_hires (
  hired_instance_id varchar not null,
  constraint pk_unannounced_hires primary key (hired_instance_id),
  constraint fk_unannounced_hires_hire foreign key (hired_instance_id)
    references hired_agents (hired_instance_id) on delete cascade
);

comment on table unannounced_hires is 'Hires that were written and that the feed was not told of.';
comment on column unannounced_hires.hired_instance_id is 'The hire; who tells the feed of it removes the row in the same transaction.';

-- What was written before may have been told or not
insert into unannounced_hires (hired_instance_id) select hired_instance_id from hired_agents;

create function hire_written() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $written$
begin
  insert into unannounced_hires (hired_instance_id) values (new.hired_instance_id) on conflict do nothing;
  return null;
end
$written$;

comment on function hire_written() is 'Notes that a hire was written, for whoever tells the feed.';

create trigger hires_are_announced after insert or update of version on hired_agents
  for each row execute function hire_written();

insert into schema_scripts (name) values ('087_announced_hires') on conflict (name) do nothing;
