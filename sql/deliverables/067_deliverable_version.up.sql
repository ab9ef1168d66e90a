-- How often a deliverable was written: its ETag.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table deliverables add column version integer not null default 1;

comment on column deliverables.version is 'How often it was written, from 1; a trigger counts, whoever writes.';

create function deliverables_version() returns trigger language plpgsql as $version$
begin
  new.version := old.version + 1;
  return new;
end
$version$;

comment on function deliverables_version() is 'Counts the writes of a deliverable.';

-- Before: the trigger sets a column that the statements of 0.2.0 do not name, and refuses nothing
create trigger deliverables_version before update on deliverables
  for each row execute function deliverables_version();

insert into schema_scripts (name) values ('067_deliverable_version') on conflict (name) do nothing;
